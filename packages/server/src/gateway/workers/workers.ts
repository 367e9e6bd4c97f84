import { randomBytes } from 'node:crypto'
import { newId } from '../../kernel/ids.ts'
import type { Timer } from '../../kernel/clock.ts'
import { emptyTable, forgetThread } from '../counters/index.ts'
import type { GatewaySnapshot } from '../snapshot.ts'
import { answerTogether } from './answers.ts'
import { createFigures } from './figures.ts'
import type { Plane, PlaneOptions, Surroundings } from './plane.ts'
import { createPortClaims } from './port-claims.ts'
import { createSlot, type Slot } from './slot.ts'
import type { Addresses, MainVerbs } from './thread.ts'
import { startWorker } from './worker.ts'

const lookMs = 1000

type WorkersDeps = Pick<Surroundings, 'log' | 'clock'> & {
  count: number
  startThread?: typeof startWorker
}

/** Edge ports are always there: see edge-ports.ts. */
const edgeHost = '127.0.0.1'

/**
 * Several workers that serve the same ports, each a thread with a proxy of its own
 * (docs/adr/0019-gateway-workers.md). This thread serves nobody: it gives them the snapshots, adds
 * up what they say, and starts one again that is lost.
 */
export const createWorkers = (
  options: PlaneOptions,
  { count, log, clock, startThread = startWorker }: WorkersDeps,
): Plane => {
  const claims = createPortClaims()
  const data = {
    ...{ count, nodeId: newId(), counters: emptyTable() },
    ...{ secret: randomBytes(32), ticketSecret: randomBytes(32) },
  }
  let resolved = options
  let snapshot: GatewaySnapshot | undefined
  let addresses: Addresses | undefined
  let lost = 0
  /** By slot: the last thread there, as the counters know it. */
  const holders = new Map<number, number>()
  let timer: Timer | undefined
  let tellQuiet = (): void => {}

  const verbsOf = (number: number): MainVerbs => ({
    log: ({ level, facts, message }) => log[level]({ worker: number, ...facts }, message),
    join: (holder) => void holders.set(number, holder),
    quiet: () => tellQuiet(),
    tell: (told) => {
      for (const slot of slots) if (slot.number !== number) slot.tell('hear', told)
    },
    claim: async ({ host, port }) => void (await claims.claim(host, port)),
  })

  const start = (number: number) =>
    startThread({ ...data, options: resolved, generation: lost }, verbsOf(number))

  const slots: readonly Slot[] = Array.from({ length: count }, (_, at) =>
    createSlot({
      ...{ number: at + 1, clock, log, start: () => start(at + 1) },
      snapshot: () => snapshot,
      onChange: () => appoint(),
      onLost: () => {
        lost += 1
        forgetThread(data.counters, holders.get(at + 1) ?? 0)
        figures.keep(at)
        for (const slot of slots) slot.tell('recount', lost)
      },
    }),
  )
  const figures = createFigures(slots)

  /** The first that serves does the active checks for all. */
  const appoint = (): void => {
    const first = slots.find((slot) => slot.isServing())
    for (const slot of slots) slot.tell('doChecks', slot === first)
  }

  const look = (): void => {
    for (const slot of slots) slot.look()
    timer = clock.setTimer(look, lookMs)
  }

  const stopAll = async (graceMs: number): Promise<void> => {
    timer?.cancel()
    await Promise.all(slots.map((slot) => slot.stop(graceMs)))
  }

  /** Nobody asks for an edge port any more that is not in the snapshot. */
  const releaseEdges = (before: GatewaySnapshot | undefined, now: GatewaySnapshot): void => {
    const wanted = new Set(now.edges.map(({ port }) => port))
    for (const { port } of before?.edges ?? []) {
      if (!wanted.has(port)) claims.release(edgeHost, port)
    }
  }

  return {
    async start() {
      resolved = await claimPorts(options, (host, port) => claims.claim(host, port))
      try {
        const opened = await Promise.all(slots.map((slot) => slot.start()))
        addresses = opened[0]
      } catch (error) {
        await stopAll(0)
        throw error
      }
      look()
    },
    address: () => addresses?.address ?? { host: '', port: 0 },
    tlsAddress: () => addresses?.tlsAddress ?? null,
    streamAddresses: () => addresses?.streamAddresses ?? [],
    async apply(next) {
      const before = snapshot
      snapshot = next
      await Promise.all(slots.map((slot) => slot.apply(next)))
      releaseEdges(before, next)
    },
    onQuiet: (listener) => {
      tellQuiet = listener
    },
    ...figures.read,
    answer: (question) => answerTogether(slots, figures, question),
    close: stopAll,
  }
}

type Claim = (host: string, port: number) => Promise<number>

/** Ports are known before the first worker starts: 0 would be another one for each. */
const claimPorts = async (options: PlaneOptions, claim: Claim): Promise<PlaneOptions> => {
  const { publicHost: host, publicTls, streams } = options
  const claimOr = async (port: number, mayWait: boolean): Promise<number> => {
    try {
      return await claim(host, port)
    } catch (error) {
      // Workers find the same, tell of it and try again.
      if (!mayWait) throw error
      return port
    }
  }
  const streamPorts: number[] = []
  for (const port of streams?.ports ?? []) {
    streamPorts.push(await claimOr(port, streams?.mayWait === true))
  }
  return {
    ...options,
    publicPort: await claim(host, options.publicPort),
    ...(publicTls === undefined
      ? {}
      : { publicTls: { ...publicTls, port: await claimOr(publicTls.port, publicTls.mayWait) } }),
    ...(streams === undefined ? {} : { streams: { ...streams, ports: streamPorts } }),
  }
}
