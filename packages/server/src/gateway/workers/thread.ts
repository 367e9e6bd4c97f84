import { inspect } from 'node:util'
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { systemClock } from '../../kernel/clock.ts'
import { createSharedCounters } from '../counters/index.ts'
import type { GatewayQuestion } from '../node-states.ts'
import type { ProxyLog } from '../proxy/index.ts'
import type { Fellows } from '../proxy/worker-part.ts'
import { createLine } from './line.ts'
import { openLonePlane, type FigureName, type Plane, type PlaneOptions } from './plane.ts'
import { createSnapshotReader, type SentSnapshot } from './sent-snapshot.ts'

/** What a worker starts with. */
export type ThreadData = {
  options: PlaneOptions
  count: number
  nodeId: string
  counters: SharedArrayBuffer
  /** How many workers have died before: see HeldPlaces. */
  generation: number
  secret: Uint8Array
  ticketSecret: Uint8Array
}

export type Addresses = {
  address: ReturnType<Plane['address']>
  tlsAddress: ReturnType<Plane['tlsAddress']>
  streamAddresses: ReturnType<Plane['streamAddresses']>
}

type Told = { topic: string; value: unknown }
type LogLine = { level: keyof ProxyLog; facts: object; message: string }

/** What a worker is asked. */
export type ThreadVerbs = {
  open(_: null): Promise<Addresses>
  apply(snapshot: SentSnapshot): Promise<void>
  figure(name: FigureName): Promise<unknown>
  answer(question: GatewayQuestion): Promise<unknown>
  hear(told: Told): void
  doChecks(here: boolean): void
  recount(generation: number): void
  close(graceMs: number): Promise<void>
}

/** What a worker asks, and tells. */
export type MainVerbs = {
  /** Its number among the threads that count. */
  join(holder: number): void
  log(line: LogLine): void
  quiet(_: null): void
  tell(told: Told): void
  claim(port: { host: string; port: number }): Promise<void>
}

/** The whole life of a worker: a proxy, and whoever started this thread at the other end. */
const serve = (port: MessagePort, data: ThreadData): void => {
  const counters = createSharedCounters(data.counters)
  counters.recount(data.generation)
  const listeners = new Map<string, Set<(value: unknown) => void>>()
  const read = createSnapshotReader()
  let doesChecks = false

  const line = createLine<MainVerbs, ThreadVerbs>(port, {
    open: async () => {
      const made = await plane
      await made.start()
      made.onQuiet(() => line.tell('quiet', null))
      return {
        address: made.address(),
        tlsAddress: made.tlsAddress(),
        streamAddresses: made.streamAddresses(),
      }
    },
    apply: async (snapshot) => (await plane).apply(await read(snapshot)),
    figure: async (name) => (await plane)[name](),
    answer: async (question) => (await plane).answer(question),
    hear: ({ topic, value }) => {
      for (const listener of listeners.get(topic) ?? []) listener(value)
    },
    doChecks: (here) => {
      doesChecks = here
    },
    recount: (generation) => counters.recount(generation),
    close: async (graceMs) => (await plane).close(graceMs),
  })

  line.tell('join', counters.holder)

  const fellows: Fellows = {
    tell: (topic, value) => line.tell('tell', { topic, value }),
    hear: (topic, listener) => {
      const all = listeners.get(topic) ?? new Set()
      listeners.set(topic, all.add(listener))
      return () => {
        all.delete(listener)
        if (all.size === 0) listeners.delete(topic)
      }
    },
  }

  const plane = openLonePlane(data.options, {
    clock: systemClock,
    log: logOver((logged) => line.tell('log', logged)),
    part: {
      counters,
      secret: Buffer.from(data.secret),
      ticketSecret: Buffer.from(data.ticketSecret),
      worker: {
        ...{ count: data.count, nodeId: data.nodeId, fellows },
        checks: () => doesChecks,
        sharePort: (host, port) => line.ask('claim', { host, port }),
      },
    },
  })
}

const logOver = (send: (line: LogLine) => void): ProxyLog => {
  const at = (level: keyof ProxyLog) => (facts: object, message: string) => {
    try {
      send({ level, facts, message })
    } catch {
      // Not everything can be copied; what it looks like can.
      send({ level, facts: { facts: inspect(facts) }, message })
    }
  }
  return { info: at('info'), warn: at('warn'), error: at('error') }
}

if (parentPort !== null) serve(parentPort, workerData as ThreadData)
