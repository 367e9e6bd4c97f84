import type { ServiceMap, ServiceSummary } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import {
  Background,
  Controls,
  MarkerType,
  ReactFlow,
  type Edge,
  type EdgeTypes,
  type Node,
  type NodeTypes,
} from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { useCallback, useMemo, useState } from 'react'
import { mapQuery } from '../api/queries.ts'
import { useFallbackInterval, useTraffic } from '../live/live-context.tsx'
import { edgeKey, type TrafficByEdge } from '../live/traffic.ts'
import { affectedBy, dependentsOf } from '../overview/dependents.ts'
import { ErrorBox } from '../ui/feedback.tsx'
import { formatRate } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { internet, layOut, nodeSize, type MapLayout } from './layout.ts'
import { FrameNode, InternetNode, ServiceNode } from './nodes.tsx'
import { WayEdge } from './way-edge.tsx'
import './map.css'

const nodeTypes = {
  service: ServiceNode,
  frame: FrameNode,
  internet: InternetNode,
} satisfies NodeTypes
const edgeTypes = { way: WayEdge } satisfies EdgeTypes

type MapEdge = ServiceMap['edges'][number]
const noEdges: readonly MapEdge[] = []

type ServiceMapViewProps = {
  /** The ones to draw, already filtered. */
  services: readonly ServiceSummary[]
  /** All of them: what is hidden still has an effect. */
  all: readonly ServiceSummary[]
  stack: string | undefined
}

export const ServiceMapView = ({ services, all, stack }: ServiceMapViewProps) => {
  const map = useQuery({ ...mapQuery(stack), refetchInterval: useFallbackInterval() })
  const traffic = useTraffic()
  const [hovered, setHovered] = useState<string | null>(null)
  const measured = useMeasuredPairs(traffic)
  const edges = useMemo(
    () => mergeEdges(map.data?.edges ?? noEdges, measured, services),
    [map.data?.edges, measured, services],
  )
  const layout = useStableLayout(services, edges)
  const affected = useMemo(() => affectedServices(all), [all])
  const nodes = useMemo(() => nodesOf(layout, services, affected), [layout, services, affected])
  const drawn = useMemo(
    () =>
      edges.map((edge) =>
        edgeOf(edge, { traffic, affected, hovered, services: all, ways: layout.ways }),
      ),
    [edges, traffic, affected, hovered, all, layout.ways],
  )
  const enter = useCallback((_: unknown, { id }: Node) => setHovered(id), [])
  const leave = useCallback(() => setHovered(null), [])

  if (map.isError) return <ErrorBox error={map.error} onRetry={() => void map.refetch()} />
  if (map.isPending) return <div className="map-frame" role="status" aria-label="Loading" />
  return (
    <>
      <section
        className="map-frame"
        aria-label="Map of services; the table shows the same as a list"
      >
        <ReactFlow
          // Another set of services is another picture; a change of state is the same one.
          key={layout.frames.map(({ stack }) => stack).join(' ') + services.length}
          nodes={nodes}
          edges={drawn}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          fitView
          fitViewOptions={{ padding: 0.06, maxZoom: 1.1 }}
          minZoom={0.15}
          maxZoom={2}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          zoomOnScroll={false}
          preventScrolling={false}
          onNodeMouseEnter={enter}
          onNodeMouseLeave={leave}
          proOptions={{ hideAttribution: true }}
        >
          <Background gap={22} size={1} />
          <Controls showInteractive={false} position="bottom-right" />
        </ReactFlow>
      </section>
      <Legend />
    </>
  )
}

const Legend = () => (
  <ul className="map-legend">
    <li>
      <svg width="28" height="8" aria-hidden="true">
        <path d="M0 4h28" className="legend-declared" />
      </svg>
      Depends on
    </li>
    <li>
      <svg width="28" height="8" aria-hidden="true">
        <path d="M0 4h28" className="legend-traffic" />
      </svg>
      Traffic now
    </li>
    <li>
      <svg width="28" height="8" aria-hidden="true">
        <path d="M0 4h28" className="legend-impact" />
      </svg>
      Reaches the trouble
    </li>
    <li>
      <Icon name="degraded" size={14} /> Affected: needs a service that is unhealthy
    </li>
    <li>Hold Ctrl and scroll to zoom</li>
  </ul>
)

/** For each service the unhealthy ones it needs, directly or through others. */
const affectedServices = (all: readonly ServiceSummary[]): Map<string, string[]> => {
  const dependents = dependentsOf(all)
  const affected = new Map<string, string[]>()
  for (const { id, name, state } of all) {
    if (state !== 'unhealthy') continue
    for (const each of affectedBy(dependents, id)) {
      affected.set(each, [...(affected.get(each) ?? []), name])
    }
  }
  return affected
}

/** Which pairs have traffic, as one text: it changes seldom, the rates every second. */
const useMeasuredPairs = (traffic: TrafficByEdge): readonly string[] => {
  const text = [...traffic.keys()].sort().join('\n')
  return useMemo(() => (text === '' ? [] : text.split('\n')), [text])
}

const mergeEdges = (
  known: readonly MapEdge[],
  measured: readonly string[],
  services: readonly ServiceSummary[],
): MapEdge[] => {
  const shown = new Set([internet, ...services.map(({ id }) => id)])
  const merged = new Map(known.map((edge) => [edgeKey(edge.source, edge.target), edge]))
  for (const key of measured) {
    const [source = '', target = ''] = key.split('→')
    if (!merged.has(key)) merged.set(key, { source, target, declared: false, traffic: null })
  }
  return [...merged.values()].filter(({ source, target }) => shown.has(source) && shown.has(target))
}

/** Laid out again only when a service or a pair comes or goes, so that nothing moves on its own. */
const useStableLayout = (
  services: readonly ServiceSummary[],
  edges: readonly MapEdge[],
): MapLayout => {
  const shape = [
    ...services.map(({ id }) => id).sort(),
    ...edges.map(({ source, target }) => edgeKey(source, target)).sort(),
  ].join('\n')
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- the shape stands for both arguments: the layout reads nothing else of them
  return useMemo(() => layOut(services, edges), [shape])
}

const nodesOf = (
  layout: MapLayout,
  services: readonly ServiceSummary[],
  affected: Map<string, string[]>,
): Node[] => {
  const nodes: Node[] = layout.frames.map(({ stack, x, y, width, height }) => ({
    id: `frame ${stack}`,
    type: 'frame',
    position: { x, y },
    data: { stack },
    width,
    height,
  }))
  for (const service of services) {
    const position = layout.places.get(service.id)
    if (position === undefined) continue
    nodes.push({
      id: service.id,
      type: 'service',
      parentId: `frame ${service.stack}`,
      position,
      data: {
        service,
        affectedBy: service.state === 'unhealthy' ? [] : (affected.get(service.id) ?? []),
      },
      ...nodeSize,
    })
  }
  if (layout.internet !== null) {
    // The first view is fitted before any traffic is known: its place is part of it from the start.
    const seen = layout.fromInternet ? {} : { style: { visibility: 'hidden' as const } }
    nodes.push({ id: internet, type: 'internet', position: layout.internet, data: {}, ...seen })
  }
  return nodes
}

type Surroundings = {
  traffic: TrafficByEdge
  affected: Map<string, string[]>
  hovered: string | null
  services: readonly ServiceSummary[]
  ways: MapLayout['ways']
}

const edgeOf = (
  { source, target, traffic: lastKnown }: MapEdge,
  { traffic, affected, hovered, services, ways }: Surroundings,
): Edge => {
  const rate = traffic.get(edgeKey(source, target)) ?? (traffic.size === 0 ? lastKnown : null)
  const flows = rate !== null && rate.requestsPerSecond > 0
  const leadsToTrouble =
    affected.has(source) &&
    (affected.has(target) ||
      services.some(({ id, state }) => id === target && state === 'unhealthy'))
  const near = hovered !== null && (source === hovered || target === hovered)
  const className = [
    flows && 'flows',
    flows && rate.errorsPerSecond > 0 && 'fails',
    leadsToTrouble && 'impact',
    near && 'near',
    hovered !== null && !near && 'far',
  ]
    .filter(Boolean)
    .join(' ')
  let color = flows ? 'var(--accent)' : 'var(--line-strong)'
  if (leadsToTrouble || (flows && rate.errorsPerSecond > 0)) color = 'var(--unhealthy)'
  return {
    id: edgeKey(source, target),
    type: 'way',
    source,
    target,
    data: { way: ways.get(edgeKey(source, target)) },
    className,
    animated: flows,
    markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, color },
    ...(flows ? { label: labelOf(rate), labelBgPadding: [5, 3], labelBgBorderRadius: 4 } : {}),
  }
}

const labelOf = (rate: { requestsPerSecond: number; errorsPerSecond: number }): string =>
  rate.errorsPerSecond > 0
    ? `${formatRate(rate.requestsPerSecond)}, ${formatRate(rate.errorsPerSecond)} fail`
    : formatRate(rate.requestsPerSecond)
