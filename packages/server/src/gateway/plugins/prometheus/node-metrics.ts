import { hostname } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import type { NodeFacts } from '../plugin.ts'
import { family } from './registry.ts'
import { quoted } from './series.ts'

/** What Kong tells of itself under `kong_…`, as far as it has a meaning here. */
export const nodeMetrics = (node: NodeFacts | undefined): string => {
  const id = quoted(node?.id ?? `${hostname()}:${process.pid}`)
  return (
    nodeInfo(id, node) +
    memory(id) +
    (node === undefined ? '' : connections(id, node.connections()) + reachable(node))
  )
}

const nodeInfo = (id: string, node: NodeFacts | undefined): string =>
  family('kong_node_info', 'gauge', 'Who this gateway is.') +
  `kong_node_info{node_id=${id},version=${quoted(node?.version ?? 'unknown')}} 1\n`

const memory = (id: string): string => {
  const name = 'kong_memory_workers_lua_vms_bytes'
  const labels = `node_id=${id},pid="${process.pid}",kong_subsystem="http"`
  return (
    family(name, 'gauge', 'Heap of JavaScript in use, in place of the one of Lua.') +
    `${name}{${labels}} ${getHeapStatistics().used_heap_size}\n`
  )
}

const connections = (
  id: string,
  { accepted, active, inFlight, requests }: ReturnType<NodeFacts['connections']>,
): string => {
  const name = 'kong_nginx_connections_total'
  const states: Record<string, number> = {
    accepted,
    active,
    handled: accepted,
    total: requests,
    writing: Math.min(active, inFlight),
    waiting: Math.max(0, active - inFlight),
  }
  let lines = family(name, 'gauge', 'Connections of clients by state.')
  for (const [state, count] of Object.entries(states)) {
    lines += `${name}{node_id=${id},subsystem="http",state="${state}"} ${count}\n`
  }
  const total = 'kong_nginx_requests_total'
  return (
    lines +
    family(total, 'gauge', 'Requests since the start.') +
    `${total}{node_id=${id},subsystem="http"} ${requests}\n`
  )
}

const reachable = ({ storeReachable }: NodeFacts): string =>
  storeReachable === undefined
    ? ''
    : family('kong_datastore_reachable', 'gauge', 'Whether the configuration can be read anew.') +
      `kong_datastore_reachable ${storeReachable() ? 1 : 0}\n`

const states = ['healthchecks_off', 'healthy', 'unhealthy', 'dns_error'] as const

type TargetState = ReturnType<NodeFacts['upstreams']>[number]['targets'][number]

/** One line for each state, 1 for the one that is. */
export const healthMetrics = ({ upstreams }: NodeFacts): string => {
  const name = 'kong_upstream_target_health'
  const seen = new Set<string>()
  let lines = ''
  for (const upstream of upstreams()) {
    for (const target of upstream.targets) {
      const labels =
        `upstream=${quoted(upstream.name)},target=${quoted(target.instance)},` +
        `address=${quoted(`${target.host}:${target.port}`)}`
      // Upstreams of two documents may have one name; a line may come only once.
      if (seen.has(labels)) continue
      seen.add(labels)
      const is = healthOf(target)
      for (const state of states) {
        const value = state === is ? 1 : 0
        lines += `${name}{${labels},state="${state}",subsystem="http"} ${value}\n`
      }
    }
  }
  return lines === '' ? '' : family(name, 'gauge', 'Health of targets; 1 is the state.') + lines
}

/** A target that drains is well; one that is on trial is not yet. */
const healthOf = ({ state }: TargetState): (typeof states)[number] => {
  if (state === 'unresolved') return 'dns_error'
  if (state === 'unchecked') return 'healthchecks_off'
  return state === 'healthy' || state === 'draining' ? 'healthy' : 'unhealthy'
}
