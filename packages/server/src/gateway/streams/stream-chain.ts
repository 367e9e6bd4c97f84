import type { NodeExplanation } from '../node-states.ts'
import type { Bound } from '../proxy/chain/instances.ts'
import type { StreamConnection, StreamRecord } from '../plugins/plugin.ts'

/** The plugins of a route for connections, in their order. */
export class StreamChain {
  private readonly bounds: readonly Bound[]
  private readonly onRunning: (change: 1 | -1) => void

  /** `onRunning`: is told of connections that begin and end, as plugins stay until then. */
  constructor(bounds: readonly Bound[], onRunning: (change: 1 | -1) => void) {
    this.bounds = bounds
    this.onRunning = onRunning
  }

  /** Which of them look at a connection, and when. */
  phases(): NodeExplanation['plugins'] {
    return this.bounds.map(({ id, instance }) => {
      const phases = (['connect', 'disconnected'] as const).filter(
        (phase) => instance[phase] !== undefined,
      )
      return { id, phases }
    })
  }

  /** Whether all of them let the connection in; `ended` follows in any case. */
  begin(connection: StreamConnection): boolean {
    this.onRunning(1)
    return this.bounds.every(({ instance }) => instance.connect?.(connection) !== false)
  }

  ended(connection: StreamConnection, record: StreamRecord): void {
    for (const { instance } of this.bounds) instance.disconnected?.(connection, record)
    this.onRunning(-1)
  }
}
