import type { Clock, Timer } from '../../kernel/clock.ts'
import type { GatewaySnapshot, TrafficCounters } from '../snapshot.ts'
import { createEngine } from './engine.ts'
import { createFlights } from './flights.ts'
import { limits } from './limits.ts'
import { createListener, type Listener } from './listener.ts'
import { createTables } from './table.ts'
import { createTraffic } from './traffic.ts'

/** The part of a pino logger that the proxy uses. */
export type ProxyLog = {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

export type ProxyOptions = {
  log: ProxyLog
  clock: Clock
  newId: () => string
  /** Where the public listener binds; port 0 takes a free one. */
  publicHost: string
  publicPort: number
  /** Where `/api` of the public listener goes. */
  platform: { host: string; port: number }
}

export type Proxy = {
  /** Binds the public listener. Throws AppError('port_taken'). Routes come with `apply`. */
  start(): Promise<void>
  /** Address of the public listener, once started. */
  address(): { host: string; port: number }
  /**
   * Puts a snapshot into effect for all requests that begin from now on; those under way, and
   * WebSockets, go on undisturbed. Edge ports that cannot be bound are in `problems` afterwards
   * and are tried again every few seconds.
   */
  apply(snapshot: GatewaySnapshot): Promise<void>
  /** Sentences about what does not work: edge ports held by others. */
  problems(): string[]
  counters(): TrafficCounters[]
  /** Requests and WebSockets under way, by instance; those without any are left out. */
  inFlight(): Record<string, number>
  /** Whether anything is under way to an instance that drains or is in no snapshot any more. */
  isDraining(): boolean
  /** Called when the last request or WebSocket to such an instance has ended. */
  onQuiet(listener: () => void): void
  /** Prometheus text format. */
  metrics(): string
  /** Stops accepting, waits for what is under way up to the grace, then ends the rest. */
  close(graceMs: number): Promise<void>
}

const edgeHost = '127.0.0.1'
const noRoutes: GatewaySnapshot = { revision: 0, services: {}, routes: [], edges: [] }

/** The data plane of the gateway: an HTTP/1.1 reverse proxy that is told all by snapshots. */
export const createProxy = (options: ProxyOptions): Proxy => {
  const { log, clock } = options
  const nowMs = () => clock.monotonicMs()
  const traffic = createTraffic()
  let tellQuiet = (): void => {}
  const flights = createFlights(() => tellQuiet())
  const tables = createTables({
    traffic,
    flights,
    nowMs,
    platform: options.platform,
    warn: (facts, message) => log.warn(facts, message),
  })
  const engine = createEngine({
    table: tables.compile(noRoutes),
    nowMs,
    newId: options.newId,
    warn: (facts, message) => log.warn(facts, message),
  })
  const publicListener = createListener(engine.createDoor(null), options.newId)
  const edgeListeners = new Map<number, Listener>()
  const edgeProblems = new Map<number, string>()
  let wantedEdges: GatewaySnapshot['edges'] = []
  let lastEdgeTryMs = 0
  let closed = false
  let sweepTimer: Timer | undefined
  /** One apply, retry or close at a time. */
  let turn: Promise<void> = Promise.resolve()
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const result = turn.then(work)
    turn = result.catch(() => {})
    return result
  }

  const openEdges = async (): Promise<void> => {
    if (closed) return
    lastEdgeTryMs = nowMs()
    for (const edge of wantedEdges) {
      if (edgeListeners.has(edge.port)) continue
      const listener = createListener(engine.createDoor(edge.port), options.newId)
      try {
        await listener.open(edgeHost, edge.port)
        edgeListeners.set(edge.port, listener)
        edgeProblems.delete(edge.port)
      } catch (cause) {
        if (!edgeProblems.has(edge.port)) {
          log.error({ port: edge.port, source: edge.source, err: cause }, 'edge port not available')
        }
        const reason = cause instanceof Error ? cause.message : String(cause)
        edgeProblems.set(edge.port, `${edge.source} cannot reach ${edge.service}: ${reason}`)
      }
    }
  }

  const closeUnwantedEdges = (): void => {
    const wanted = new Set(wantedEdges.map((edge) => edge.port))
    for (const port of edgeProblems.keys()) if (!wanted.has(port)) edgeProblems.delete(port)
    for (const [port, listener] of edgeListeners) {
      if (wanted.has(port)) continue
      edgeListeners.delete(port)
      listener.stopAccepting()
    }
  }

  const sweep = (): void => {
    engine.sweep()
    tables.sweep()
    if (edgeProblems.size > 0 && nowMs() - lastEdgeTryMs >= limits.edgeRetryMs) {
      void inTurn(openEdges)
    }
    sweepTimer = clock.setTimer(sweep, limits.sweepMs)
  }

  return {
    start: async () => {
      await publicListener.open(options.publicHost, options.publicPort)
      sweep()
    },
    address: () => publicListener.address(),
    apply: (snapshot) =>
      inTurn(async () => {
        const table = tables.compile(snapshot)
        wantedEdges = snapshot.edges
        // The table first: an edge port answers from the moment it is bound.
        engine.use(table)
        closeUnwantedEdges()
        await openEdges()
      }),
    problems: () => [...edgeProblems.values()],
    counters: () => traffic.counters(),
    inFlight: () => flights.counts(),
    isDraining: () => flights.areLeaving(),
    onQuiet: (listener) => {
      tellQuiet = listener
    },
    metrics: () => traffic.metrics(),
    close: async (graceMs) => {
      const listeners: Listener[] = []
      await inTurn(async () => {
        closed = true
        engine.beginClose()
        listeners.push(publicListener, ...edgeListeners.values())
        for (const listener of listeners) listener.stopAccepting()
      })
      // Snapshots still come in meanwhile: what is under way may have to go elsewhere.
      await engine.drained(graceMs, clock)
      await inTurn(async () => {
        sweepTimer?.cancel()
        engine.cutAll()
        tables.destroy()
        await Promise.all(listeners.map((listener) => listener.closed()))
      })
    },
  }
}
