import { randomBytes } from 'node:crypto'
import type { TlsOptions } from 'node:tls'
import type { GatewayExplainAsk } from '@keelson/contract'
import type { Clock, Timer } from '../../kernel/clock.ts'
import type { OwnDoors } from '../cache/index.ts'
import { createSharedCounters } from '../counters/index.ts'
import { plugins as allPlugins, type PluginTable } from '../plugins/index.ts'
import type { NodeFacts, SharedCounters } from '../plugins/plugin.ts'
import type { NodeExplanation } from '../node-states.ts'
import type { GatewayCanary, GatewaySnapshot, TrafficCounters } from '../snapshot.ts'
import type { HandshakeOptions } from '../tls/tls-options.ts'
import type { UpstreamState } from './balance/upstream-state.ts'
import { createInstances, type ProxyLog } from './chain/instances.ts'
import type { DocumentPlan } from './document-plan.ts'
import { createEngine, type Door } from './engine.ts'
import { explainRequest } from './explain.ts'
import { createEdgePorts } from './edge-ports.ts'
import { createFlights } from './flights.ts'
import { limits } from './limits.ts'
import { createListener, type Listener } from './front/listener.ts'
import { nodeFactsOf } from './node-facts.ts'
import { throughOwnDoors } from './own-doors.ts'
import { createProxyReceiver, type ProxyReceiver } from './proxy-protocol/receiver.ts'
import { createPolicies } from './policies.ts'
import { createSplits } from './splits.ts'
import { trustOf } from './trusted-proxies.ts'
import { createTables } from './table.ts'
import { createStreamPorts } from '../streams/stream-ports.ts'
import { createTlsDoor, type PublicTls } from './tls-door.ts'
import { createTraffic, quantileOf, tallyBoundsMs, tallyOf, type Tally } from './traffic.ts'
import type { WorkerPart } from './worker-part.ts'

export type { ProxyLog } from './chain/instances.ts'

export type ProxyOptions = {
  log: ProxyLog
  clock: Clock
  newId: () => string
  /** Where the public listener binds; port 0 takes a free one. */
  publicHost: string
  publicPort: number
  /** The public listener for TLS; absent: there is none. */
  publicTls?: PublicTls
  /** Ports for routes of protocol tcp, tls and tls_passthrough; taken ones are a problem if they may be. */
  streams?: { ports: readonly number[]; mayWait: boolean }
  /** Where `/api` of the public listener goes when no route takes it; null: there is none. */
  platform: { host: string; port: number } | null
  /**
   * Addresses and CIDR ranges of balancers in front of the public listener, whose X-Forwarded-*
   * tell the truth about the client.
   */
  trustedProxies?: readonly string[]
  /** Addresses and CIDR ranges whose public connections begin with a header of the PROXY protocol. */
  proxyProtocol?: readonly string[]
  /** Those of the house when absent. */
  plugins?: PluginTable
  /** Shared with other workers of this host; else its own. */
  counters?: SharedCounters
  /** For cookies that outlive this process and are read by others; its own when absent. */
  secret?: Buffer
  /** Absent: it has its process for itself. */
  worker?: WorkerPart
}

export type Proxy = {
  /** Binds the public listener. Throws AppError('port_taken'). Routes come with `apply`. */
  start(): Promise<void>
  /** Address of the public listener, once started. */
  address(): { host: string; port: number }
  /** Opens public doors on the loopback for this work, which nobody else serves. */
  throughOwnDoors<T>(work: (doors: OwnDoors) => Promise<T>): Promise<T>
  /** Of the ports for connections, in their order; those that are taken are left out. */
  streamAddresses(): readonly { host: string; port: number }[]
  /** Of the listener for TLS; null when there is none, or its port is taken. */
  tlsAddress(): { host: string; port: number } | null
  /**
   * Puts a snapshot into effect for all requests that begin from now on; those under way, and
   * WebSockets, go on undisturbed. Edge ports that cannot be bound are in `problems` afterwards
   * and are tried again every few seconds.
   */
  apply(snapshot: GatewaySnapshot): Promise<void>
  /** Sentences about what does not work: edge ports held by others. */
  problems(): string[]
  counters(): TrafficCounters[]
  /** Of clients, and their requests. */
  connections(): ReturnType<NodeFacts['connections']>
  /** Requests and WebSockets under way, by instance; those without any are left out. */
  inFlight(): Record<string, number>
  /** Whether anything is under way to an instance that drains or is in no snapshot any more. */
  isDraining(): boolean
  /** Called when the last request or WebSocket to such an instance has ended. */
  onQuiet(listener: () => void): void
  /** What the page shows of upstreams and their targets. */
  upstreams(): UpstreamState[]
  /** How far the canaries have come. */
  canaries(): GatewayCanary[]
  /** What each route has counted since the gateway started; of those that anybody asked for. */
  routeFigures(): RouteFigures[]
  /** What would become of a request; sends nothing. */
  explain(ask: GatewayExplainAsk): NodeExplanation
  /** Prometheus text format. */
  metrics(): string
  /** Stops accepting, waits for what is under way up to the grace, then ends the rest. */
  close(graceMs: number): Promise<void>
}

export type RouteFigures = Tally & {
  /** Who manages the route, and its id there. */
  manager: string
  route: string
  boundsMs: readonly number[]
  p50Ms: number | null
  p95Ms: number | null
  p99Ms: number | null
}

const noStreams = { ports: [], mayWait: true }

/** The data plane of the gateway: an HTTP/1.1 reverse proxy that is told all by snapshots. */
export const createProxy = (options: ProxyOptions): Proxy => {
  const { log, clock } = options
  const nowMs = () => clock.monotonicMs()
  const traffic = createTraffic()
  let tellQuiet = (): void => {}
  const flights = createFlights(() => tellQuiet())
  const warn = (facts: object, message: string) => log.warn(facts, message)
  const { newId } = options
  const { secret = randomBytes(32), worker } = options
  const shared = { sharePort: worker?.sharePort, workers: worker?.count ?? 1 }
  let servicesNow: GatewaySnapshot['services'] = {}
  const node = nodeFactsOf({
    ...{ id: worker?.nodeId ?? newId(), traffic, upstreams: () => tables.states() },
    listeners: () => [publicListener, ...(tlsDoor === undefined ? [] : [tlsDoor.listener])],
  })
  const instances = createInstances({
    plugins: options.plugins ?? allPlugins,
    clock,
    newId,
    log,
    counters: options.counters ?? createSharedCounters(undefined, clock),
    secret,
    node,
    services: () => servicesNow,
    worker,
    platform:
      options.platform === null
        ? undefined
        : `http://${options.platform.host}:${options.platform.port}`,
  })
  const splits = createSplits({ clock, log })
  const policies = createPolicies(splits)
  const tables = createTables({
    traffic,
    flights,
    instances,
    policies,
    splits,
    nowMs,
    clock,
    log,
    platform: options.platform,
    secret,
    worker,
    httpsPort: () => tlsDoor?.address()?.port ?? null,
  })
  let tableNow = tables.empty
  const isTrusted = trustOf(options.trustedProxies ?? [])
  const engine = createEngine({ table: tables.empty, nowMs, clock, newId, warn, isTrusted })
  const receiver = createProxyReceiver({ peers: options.proxyProtocol ?? [], clock, warn })
  const openDoor = (
    door: Door,
    more: { tls?: TlsOptions; receiver?: ProxyReceiver } = {},
  ): Listener => {
    const listener = createListener({
      engineDoor: door.handle,
      newId,
      clock,
      warn,
      ...more,
      ...shared,
    })
    return {
      ...listener,
      stopAccepting: () => {
        door.beginClose()
        listener.stopAccepting()
      },
    }
  }
  const publicListener = openDoor(engine.createDoor(null), { receiver })
  const { publicHost, publicTls } = options
  /** Of clients that speak TLS; null as long as none can. */
  let handshakes: HandshakeOptions | null = null
  const streamPorts = createStreamPorts({
    ...{ clock, log, host: publicHost, ...(options.streams ?? noStreams), ...shared, receiver },
    table: () => tableNow.streams,
  })
  const tlsDoor =
    publicTls === undefined
      ? undefined
      : createTlsDoor({
          ...{ tls: publicTls, host: publicHost, clock, log },
          createListener: (tls) => openDoor(engine.createDoor(null), { tls, receiver }),
          onOptions: (tls) => {
            handshakes = tls
            streamPorts.door.useTls(tls)
          },
        })
  const edgePorts = createEdgePorts({
    ...{ clock, log },
    createListener: (port) => openDoor(engine.createDoor(port)),
  })
  let closed = false
  let sweepTimer: Timer | undefined
  /** One apply, retry or close at a time. */
  let turn: Promise<void> = Promise.resolve()
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const result = turn.then(work)
    turn = result.catch(() => {})
    return result
  }

  const sweep = (): void => {
    engine.sweep()
    tables.sweep()
    streamPorts.door.sweep()
    for (const ports of [edgePorts, tlsDoor]) {
      if (ports?.isDue() === true) void inTurn(async () => (closed ? undefined : ports.tryAgain()))
    }
    sweepTimer = clock.setTimer(sweep, limits.sweepMs)
  }

  return {
    start: async () => {
      await publicListener.open(publicHost, options.publicPort)
      await tlsDoor?.open()
      await streamPorts.open()
      sweep()
    },
    address: () => publicListener.address(),
    throughOwnDoors: (work) =>
      throughOwnDoors(engine.createDoor(null), { newId, clock, warn, tls: handshakes }, work),
    tlsAddress: () => tlsDoor?.address() ?? null,
    streamAddresses: () => streamPorts.addresses(),
    apply: (snapshot) =>
      inTurn(async () => {
        servicesNow = snapshot.services
        const table = await tables.compile(snapshot)
        await tlsDoor?.use(snapshot)
        tableNow = table
        // The table first: an edge port answers from the moment it is bound.
        engine.use(table)
        tables.settle()
        if (!closed) await edgePorts.use(snapshot.edges)
      }),
    problems: () => [
      ...edgePorts.problems(),
      ...(tlsDoor?.problems() ?? []),
      ...streamPorts.problems(),
    ],
    counters: () => traffic.counters(),
    connections: () => node.connections(),
    inFlight: () => flights.counts(),
    isDraining: () => flights.areLeaving(),
    onQuiet: (listener) => {
      tellQuiet = listener
    },
    upstreams: () => tables.states(),
    canaries: () => splits.canaries(),
    routeFigures: () => tables.plans().flatMap(figuresOf),
    explain: (ask) => explainRequest(ask, { table: tableNow, nowMs }),
    metrics: () => traffic.metrics() + receiver.metrics() + instances.metrics(),
    close: async (graceMs) => {
      const listeners: Listener[] = []
      await inTurn(async () => {
        closed = true
        engine.beginClose()
        listeners.push(publicListener, ...edgePorts.listeners())
        if (tlsDoor !== undefined) listeners.push(tlsDoor.listener)
        tlsDoor?.stop()
        streamPorts.door.stopAccepting()
        for (const listener of listeners) listener.stopAccepting()
      })
      // Snapshots still come in meanwhile: what is under way may have to go elsewhere.
      await Promise.all([engine.drained(graceMs), streamPorts.door.drained(graceMs)])
      await inTurn(async () => {
        sweepTimer?.cancel()
        engine.cutAll()
        streamPorts.door.cutAll()
        tables.destroy()
        await Promise.all(listeners.map((listener) => listener.closed()))
        await instances.closed()
      })
    },
  }
}

const figuresOf = ({ document, entries }: DocumentPlan): RouteFigures[] =>
  entries.flatMap(({ id, value }) => {
    const tally = tallyOf(value.series)
    if (tally.requests === 0) return []
    return [
      {
        ...tally,
        manager: document.manager,
        route: id,
        boundsMs: tallyBoundsMs,
        p50Ms: quantileOf(tally, 0.5),
        p95Ms: quantileOf(tally, 0.95),
        p99Ms: quantileOf(tally, 0.99),
      },
    ]
  })
