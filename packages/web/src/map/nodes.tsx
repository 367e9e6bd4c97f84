import type { ServiceSummary } from '@keelson/contract'
import { Link } from '@tanstack/react-router'
import { Handle, Position, useReactFlow, type Node, type NodeProps } from '@xyflow/react'
import { memo, type FocusEvent } from 'react'
import { formatLatency } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { stateNames } from '../ui/state.tsx'
import { nodeSize } from './layout.ts'

type ServiceNodeType = Node<{ service: ServiceSummary; affectedBy: string[] }, 'service'>
type FrameNodeType = Node<{ stack: string }, 'frame'>

/** A service: the whole box is a link, so Tab reaches it and Enter opens it. */
export const ServiceNode = memo(
  ({
    data: { service, affectedBy },
    positionAbsoluteX,
    positionAbsoluteY,
  }: NodeProps<ServiceNodeType>) => {
    const { setCenter, getZoom } = useReactFlow()
    const show = ({ currentTarget }: FocusEvent) => {
      if (!currentTarget.matches(':focus-visible')) return
      void setCenter(
        positionAbsoluteX + nodeSize.width / 2,
        positionAbsoluteY + nodeSize.height / 2,
        { zoom: Math.max(getZoom(), 0.8) },
      )
    }
    const { stack, name, state } = service
    return (
      <>
        <Handle type="target" position={Position.Left} isConnectable={false} />
        <Link
          to="/services/$stack/$name"
          params={{ stack, name }}
          className={`map-node is-${state}`}
          data-affected={affectedBy.length > 0 || undefined}
          data-service={service.id}
          draggable={false}
          title={service.reason}
          onFocus={show}
        >
          <span className="toned">
            <Icon name={state} size={18} />
          </span>
          <span className="map-node-text">
            <strong>{name}</strong>
            <span>
              <span className="toned">{stateNames[state]}</span>
              <span className="num muted">
                {' '}
                {service.instancesHealthy}/{service.instancesWanted}
                {service.latencyMs !== null && ` · ${formatLatency(service.latencyMs)}`}
              </span>
            </span>
            {affectedBy.length > 0 && (
              <span className="map-node-affected">Affected by {affectedBy.join(', ')}</span>
            )}
          </span>
        </Link>
        <Handle type="source" position={Position.Right} isConnectable={false} />
      </>
    )
  },
)
ServiceNode.displayName = 'ServiceNode'

export const FrameNode = memo(({ data: { stack } }: NodeProps<FrameNodeType>) => (
  <div className="map-stack">
    <span>{stack}</span>
  </div>
))
FrameNode.displayName = 'FrameNode'

export const InternetNode = memo(() => (
  <div className="map-internet">
    Internet
    <Handle type="source" position={Position.Right} isConnectable={false} />
  </div>
))
InternetNode.displayName = 'InternetNode'
