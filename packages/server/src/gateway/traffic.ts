import type { Traffic } from '@keelson/contract'
import type { Clock, Timer } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { createRecentRequests, type RecentRequests } from './recent-requests.ts'
import type { TrafficCounters } from './snapshot.ts'
import { deleteSilentNodes, selectNodes } from './store.ts'

/** What each gateway had counted when it was looked at, by node and edge. */
type Look = { atMs: number; nodes: ReadonlyMap<string, ReadonlyMap<string, TrafficCounters>> }

const silentMs = 10_000
/** Looks closer than this to the last one get its answer: rates need some time between them. */
const freshMs = 900
/** Gateways that have been silent for so long are forgotten; looked after as often. */
const forgetMs = 3_600_000

type TrafficDeps = { db: Db; clock: Clock; log: Log }

/** What the gateways have counted: rates on every edge. */
export const createTraffic = ({ db, clock, log }: TrafficDeps) => {
  let last: Look | undefined
  let rates: Traffic[] = []
  let looking: Promise<Traffic[]> | null = null
  let timer: Timer | null = null
  let cleaning: Promise<void> = Promise.resolve()
  const recent = createRecentRequests({ db, clock, log })

  const look = async (): Promise<Traffic[]> => {
    const since = new Date(clock.now().getTime() - silentMs)
    const nodes = await selectNodes(db, since)
    const now: Look = {
      atMs: clock.monotonicMs(),
      nodes: new Map(nodes.map(({ id, counters }) => [id, byEdge(counters)])),
    }
    rates = last === undefined ? [] : ratesBetween(last, now)
    last = now
    return rates
  }

  const clean = async (): Promise<void> => {
    try {
      await deleteSilentNodes(db, new Date(clock.now().getTime() - forgetMs))
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'silent gateways are forgotten an hour later')
    }
  }

  const cleanLater = (): void => {
    timer = clock.setTimer(() => {
      cleaning = clean()
      cleanLater()
    }, forgetMs)
  }

  return {
    /** Forgets, every hour, the gateways that have been silent for as long; counts, every minute. */
    start(): void {
      cleanLater()
      recent.start()
    },
    async stop(): Promise<void> {
      timer?.cancel()
      await Promise.all([cleaning, recent.stop()])
    },
    /** Requests of the last minutes by service, and how many of them failed. */
    recent: (): Promise<RecentRequests[]> => recent.read(),
    /** Requests per second on every edge since the look before; many may look at once. */
    read(): Promise<Traffic[]> {
      if (last !== undefined && clock.monotonicMs() - last.atMs < freshMs) {
        return Promise.resolve(rates)
      }
      looking ??= look().finally(() => {
        looking = null
      })
      return looking
    },
  }
}

const keyOf = ({ source, service }: TrafficCounters): string => `${source}>${service}`

const byEdge = (counters: readonly TrafficCounters[]): ReadonlyMap<string, TrafficCounters> =>
  new Map(counters.map((counter) => [keyOf(counter), counter]))

const difference = (now: TrafficCounters, then: TrafficCounters | undefined): TrafficCounters =>
  then === undefined
    ? now
    : {
        ...now,
        requests: now.requests - then.requests,
        errors: now.errors - then.errors,
        durationMsSum: now.durationMsSum - then.durationMsSum,
        bytesOut: now.bytesOut - then.bytesOut,
      }

const sum = (a: TrafficCounters, b: TrafficCounters): TrafficCounters => ({
  source: a.source,
  service: a.service,
  requests: a.requests + b.requests,
  errors: a.errors + b.errors,
  durationMsSum: a.durationMsSum + b.durationMsSum,
  bytesOut: a.bytesOut + b.bytesOut,
})

/**
 * By node, because counters mean something only within the life of one process: a gateway that is
 * seen for the first time is measured from then on, and one that went silent takes nothing back.
 */
const ratesBetween = (before: Look, after: Look): Traffic[] => {
  const seconds = (after.atMs - before.atMs) / 1000
  const edges = new Map<string, TrafficCounters>()
  for (const [id, counters] of after.nodes) {
    const former = before.nodes.get(id)
    if (former === undefined) continue
    for (const [key, now] of counters) {
      const grown = difference(now, former.get(key))
      const others = edges.get(key)
      edges.set(key, others === undefined ? grown : sum(others, grown))
    }
  }
  return [...edges.values()].flatMap(({ source, service, requests, errors, durationMsSum }) =>
    requests <= 0
      ? []
      : [
          {
            source,
            target: service,
            requestsPerSecond: round(requests / seconds),
            errorsPerSecond: round(errors / seconds),
            latencyMs: round(durationMsSum / requests),
          },
        ],
  )
}

const round = (value: number): number => Math.round(value * 100) / 100
