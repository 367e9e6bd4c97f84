import type { NodeFacts } from '../plugins/plugin.ts'
import type { UpstreamState } from './balance/upstream-state.ts'
import type { Listener } from './front/listener.ts'
import { version } from './kong-answer.ts'
import type { Traffic } from './traffic.ts'

type NodeParts = {
  id: string
  traffic: Pick<Traffic, 'totals'>
  /** Those that clients from outside come in by. */
  listeners: () => readonly Pick<Listener, 'connections'>[]
  upstreams: () => readonly UpstreamState[]
}

/** What plugins for metrics tell of the gateway itself. */
export const nodeFactsOf = ({ id, traffic, listeners, upstreams }: NodeParts): NodeFacts => ({
  ...{ id, version, upstreams },
  connections: () => {
    const counts = { accepted: 0, active: 0 }
    for (const listener of listeners()) {
      const { accepted, active } = listener.connections()
      counts.accepted += accepted
      counts.active += active
    }
    return { ...counts, ...traffic.totals() }
  },
})
