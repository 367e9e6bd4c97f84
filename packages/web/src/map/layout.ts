import type { ServiceMap, ServiceSummary } from '@keelson/contract'
import { Graph, layout } from '@dagrejs/dagre'
import { edgeKey } from '../live/traffic.ts'

/** Where everything of the map stands. Pure: the same services give the same picture. */

export const nodeSize = { width: 208, height: 74 }
const frame = { top: 40, side: 16, gap: 28 }
export const internet = 'internet'
const grid = { columns: 4, gap: 20 }
const internetSize = { width: 96, height: 40 }

export type Place = { x: number; y: number }
type Size = { width: number; height: number }
export type Frame = Place & Size & { stack: string }
export type MapLayout = {
  frames: Frame[]
  places: Map<string, Place>
  /** Ways around the services between both ends, by `edgeKey`; absolute. */
  ways: Map<string, Place[]>
  /** Beside the first frame, whether or not anything comes from there now. */
  internet: Place | null
  fromInternet: boolean
}

type Edge = ServiceMap['edges'][number]

/**
 * A frame for each stack, one below the other; inside, layers from who calls to who is called.
 * Places of services are relative to their frame.
 */
export const layOut = (services: readonly ServiceSummary[], edges: readonly Edge[]): MapLayout => {
  const places = new Map<string, Place>()
  const ways: MapLayout['ways'] = new Map()
  const frames: Frame[] = []
  let y = 0
  let internetY: number | null = null
  for (const [stack, members] of byStack(services)) {
    const size = layOutStack(members, edges, places, (key, way) => {
      ways.set(
        key,
        way.map((place) => ({ x: place.x, y: place.y + y })),
      )
    })
    const { width, height } = size
    frames.push({ stack, x: 0, y, width, height })
    if (internetY === null && size.internetY !== null) internetY = y + size.internetY
    y += height + frame.gap
  }
  const first = frames[0]
  const middle = internetY ?? (first === undefined ? 0 : first.height / 2)
  return {
    frames,
    places,
    ways,
    fromInternet: edges.some(({ source }) => source === internet),
    internet:
      first !== undefined
        ? { x: -internetSize.width - 72, y: middle - internetSize.height / 2 }
        : null,
  }
}

const byStack = (services: readonly ServiceSummary[]): [string, ServiceSummary[]][] => {
  const groups = new Map<string, ServiceSummary[]>()
  for (const service of [...services].sort((a, b) => a.id.localeCompare(b.id))) {
    const group = groups.get(service.stack)
    if (group === undefined) groups.set(service.stack, [service])
    else group.push(service)
  }
  // Keelson's own parts come last: a team looks for its own services first.
  return [...groups].sort(
    ([, a], [, b]) => Number(a[0]?.builtIn ?? false) - Number(b[0]?.builtIn ?? false),
  )
}

const layOutStack = (
  members: readonly ServiceSummary[],
  edges: readonly Edge[],
  places: Map<string, Place>,
  onWay: (key: string, way: Place[]) => void,
): Size & { internetY: number | null } => {
  const inside = new Set(members.map(({ id }) => id))
  const within = edges.filter(({ source, target }) => inside.has(source) && inside.has(target))
  const entries = entriesOf(members, edges)
  const connected = new Set([
    ...within.flatMap(({ source, target }) => [source, target]),
    ...entries,
  ])
  const alone = [...inside].filter((id) => !connected.has(id))

  const size: Size = { width: 0, height: frame.top - grid.gap }
  const put = (id: string, place: Place) => {
    places.set(id, place)
    size.width = Math.max(size.width, place.x + nodeSize.width + frame.side)
    size.height = Math.max(size.height, place.y + nodeSize.height)
  }
  const graph = layOutGraph([...connected], within, entries)
  const centres = new Map([...connected].map((id) => [id, graph.node(id) as Place]))
  const left = Math.min(...[...centres.values()].map(({ x }) => x - nodeSize.width / 2))
  const inFrame = ({ x, y }: Place): Place => ({ x: x - left + frame.side, y: y + frame.top })
  for (const [id, centre] of centres) {
    const { x, y } = inFrame(centre)
    put(id, { x: x - nodeSize.width / 2, y: y - nodeSize.height / 2 })
  }
  for (const { source, target } of [...within, ...entries.map(fromInternet)]) {
    const { points = [] } = graph.edge(source, target) as { points?: Place[] }
    onWay(edgeKey(source, target), points.map(inFrame))
  }
  const internetY = entries.length === 0 ? null : inFrame(graph.node(internet) as Place).y
  // Services without a neighbour fill rows below; as one layer they would be a tall column.
  const top = size.height + grid.gap
  alone.forEach((id, index) => {
    const column = index % grid.columns
    const row = Math.floor(index / grid.columns)
    put(id, {
      x: frame.side + column * (nodeSize.width + grid.gap),
      y: top + row * (nodeSize.height + grid.gap),
    })
  })
  return { width: size.width, height: size.height + frame.side, internetY }
}

/** What can be reached from outside: by a route, or because it is reached right now. */
const entriesOf = (members: readonly ServiceSummary[], edges: readonly Edge[]): string[] => {
  const reached = new Set(
    edges.flatMap(({ source, target }) => (source === internet ? [target] : [])),
  )
  return members
    .filter(({ id, routes }) => routes.length > 0 || reached.has(id))
    .map(({ id }) => id)
}

const fromInternet = (target: string) => ({ source: internet, target })

/** With the internet before the first layer, so that ways from there lead around the services too. */
const layOutGraph = (
  ids: readonly string[],
  edges: readonly Edge[],
  entries: readonly string[],
): Graph => {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: 26, edgesep: 26, ranksep: 124 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const id of ids) graph.setNode(id, { ...nodeSize })
  for (const { source, target } of edges) graph.setEdge(source, target)
  if (entries.length > 0) {
    const called = new Set(edges.map(({ target }) => target))
    const firsts = ids.filter((id) => !called.has(id))
    graph.setNode(internet, { ...internetSize })
    // Nobody draws those to services that have no route: they only keep the first layer apart.
    for (const id of new Set([...firsts, ...entries])) graph.setEdge(internet, id)
  }
  layout(graph)
  return graph
}
