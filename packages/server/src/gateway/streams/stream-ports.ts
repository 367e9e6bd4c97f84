import type { Clock } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { SharePort } from '../proxy/front/bind.ts'
import type { ProxyReceiver } from '../proxy/proxy-protocol/receiver.ts'
import { createStreamDoor } from './stream-door.ts'
import type { StreamTable } from './stream-table.ts'

type StreamPortsDeps = {
  host: string
  ports: readonly number[]
  /** A port that is taken is a problem; else `open` rejects. */
  mayWait: boolean
  clock: Clock
  log: Record<'warn' | 'error', (facts: object, message: string) => void>
  table: () => StreamTable | null
  sharePort?: SharePort | undefined
  workers?: number
  receiver?: ProxyReceiver | undefined
}

/** The ports for connections that are no HTTP, all with the same door. */
export const createStreamPorts = (deps: StreamPortsDeps) => {
  const { host, ports, mayWait, log, table } = deps
  const door = createStreamDoor({ ...deps, warn: (...line) => log.warn(...line) })
  const addresses: { host: string; port: number }[] = []
  const taken: string[] = []
  return {
    door,
    async open(): Promise<void> {
      for (const port of ports) {
        try {
          addresses.push(await door.open(host, port))
        } catch (error) {
          if (!mayWait) throw error
          log.error({ port, err: error }, 'stream port not available')
          taken.push(`Port ${port} takes no connections: ${messageOf(error)}`)
        }
      }
    },
    addresses: (): readonly { host: string; port: number }[] => addresses,
    problems: (): string[] =>
      ports.length === 0 && table() !== null
        ? ['Routes of protocol tcp or tls are not served: no port is given for them.']
        : [...taken],
  }
}
