import type { Clock } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { GatewaySnapshot } from '../snapshot.ts'
import type { LocalAuthority } from '../tls/local-authority.ts'
import type { HandshakeOptions } from '../tls/tls-options.ts'
import { createTermination } from '../tls/termination.ts'
import type { Listener } from './front/listener.ts'
import { limits } from './limits.ts'

export type PublicTls = {
  /** 0 takes a free one. */
  port: number
  /** Signs for names that nobody has a certificate for; null: their handshakes fail. */
  authority: LocalAuthority | null
  /** 32 bytes or more, shared with other workers: they resume each other's sessions. */
  ticketSecret?: Buffer
  /** A port that is taken is a problem, and tried again; else `open` throws port_taken. */
  mayWait: boolean
}

type TlsDoorDeps = {
  tls: PublicTls
  host: string
  clock: Clock
  createListener: (tls: HandshakeOptions) => Listener
  /** Hears of what handshakes go by, as the listener does. */
  onOptions: (options: HandshakeOptions) => void
  log: Record<'warn' | 'error', (facts: object, message: string) => void>
}

/** The public port for TLS: the same door as the plain one, behind handshakes. */
export const createTlsDoor = (deps: TlsDoorDeps) => {
  const { tls, host, clock, createListener, log } = deps
  // Until the first snapshot nobody has anything to show.
  const listener = createListener({})
  const { authority, ticketSecret } = tls
  const onOptions = (options: HandshakeOptions): void => {
    listener.useTls(options)
    deps.onOptions(options)
  }
  const termination = createTermination({
    ...{ clock, authority, warn: log.warn, onOptions },
    ...(ticketSecret === undefined ? {} : { ticketSecret }),
  })
  let state: 'closed' | 'open' | 'waits' = 'closed'
  let lastTryMs = 0
  let problem: string | undefined

  const open = async (): Promise<void> => {
    lastTryMs = clock.monotonicMs()
    try {
      await listener.open(host, tls.port)
      state = 'open'
      problem = undefined
    } catch (cause) {
      if (!tls.mayWait) throw cause
      const sentence = `The gateway speaks no TLS: ${messageOf(cause)}`
      if (problem === undefined) log.error({ port: tls.port, err: cause }, 'TLS port not available')
      problem = sentence
      state = 'waits'
    }
  }

  return {
    listener,
    /** Throws AppError('port_taken') unless it may wait. */
    async open(): Promise<void> {
      await open()
      termination.start()
    },
    /** Null as long as the port is not ours. */
    address: () => (state === 'open' ? listener.address() : null),
    use: (snapshot: GatewaySnapshot): Promise<void> => termination.use(snapshot),
    /** Whether it is time to `open` once more. */
    isDue: (): boolean =>
      state === 'waits' && clock.monotonicMs() - lastTryMs >= limits.edgeRetryMs,
    tryAgain: open,
    problems: (): string[] => [
      ...(problem === undefined ? [] : [problem]),
      ...termination.problems(),
    ],
    stop: (): void => termination.stop(),
  }
}

export type TlsDoor = ReturnType<typeof createTlsDoor>
