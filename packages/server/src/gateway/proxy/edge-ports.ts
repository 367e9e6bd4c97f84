import type { Clock } from '../../kernel/clock.ts'
import type { GatewayEdge } from '../snapshot.ts'
import type { Listener } from './front/listener.ts'
import { limits } from './limits.ts'

const edgeHost = '127.0.0.1'

type EdgePortsDeps = {
  clock: Clock
  log: { error(facts: object, message: string): void }
  createListener: (port: number) => Listener
}

/** The loopback ports by which services reach each other; one that is taken is tried again. */
export const createEdgePorts = ({ clock, log, createListener }: EdgePortsDeps) => {
  const listeners = new Map<number, Listener>()
  const problems = new Map<number, string>()
  let wanted: readonly GatewayEdge[] = []
  let triedMs = 0

  const open = async (): Promise<void> => {
    triedMs = clock.monotonicMs()
    for (const { port, source, service } of wanted) {
      if (listeners.has(port)) continue
      const listener = createListener(port)
      try {
        await listener.open(edgeHost, port)
        listeners.set(port, listener)
        problems.delete(port)
      } catch (cause) {
        if (!problems.has(port)) {
          log.error({ port, source, err: cause }, 'edge port not available')
        }
        const reason = cause instanceof Error ? cause.message : String(cause)
        problems.set(port, `${source} cannot reach ${service}: ${reason}`)
      }
    }
  }

  return {
    /** Those of a snapshot, and no others. */
    async use(edges: readonly GatewayEdge[]): Promise<void> {
      wanted = edges
      const ports = new Set(edges.map(({ port }) => port))
      for (const port of problems.keys()) if (!ports.has(port)) problems.delete(port)
      for (const [port, listener] of listeners) {
        if (ports.has(port)) continue
        listeners.delete(port)
        listener.stopAccepting()
      }
      await open()
    },
    isDue: (): boolean => problems.size > 0 && clock.monotonicMs() - triedMs >= limits.edgeRetryMs,
    tryAgain: open,
    listeners: (): readonly Listener[] => [...listeners.values()],
    problems: (): readonly string[] => [...problems.values()],
  }
}
