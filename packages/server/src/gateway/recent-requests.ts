import type { Clock, Timer } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import { messageOf } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { selectNodes } from './store.ts'

export type RecentRequests = { service: string; count: number; failed: number }

type Counted = { count: number; failed: number }
/** By gateway, and by service within it. */
type Look = ReadonlyMap<string, ReadonlyMap<string, Counted>>

const lookEveryMs = 60_000
/** With one a minute: what is told is of the last five to six minutes. */
const looksMax = 6
const silentMs = 10_000

/** Requests of the last minutes by service ('<stack>/<service>'), and how many of them failed. */
export const createRecentRequests = ({ db, clock, log }: { db: Db; clock: Clock; log: Log }) => {
  const looks: Look[] = []
  let timer: Timer | null = null
  let looking: Promise<void> = Promise.resolve()

  const look = async (): Promise<Look> => {
    const nodes = await selectNodes(db, new Date(clock.now().getTime() - silentMs))
    return new Map(
      nodes.map(({ id, counters }) => {
        const services = new Map<string, Counted>()
        for (const { service, requests, errors } of counters) {
          const { count, failed } = services.get(service) ?? nothing
          services.set(service, { count: count + requests, failed: failed + errors })
        }
        return [id, services]
      }),
    )
  }

  const keepLook = async (): Promise<void> => {
    try {
      looks.push(await look())
      if (looks.length > looksMax) looks.shift()
    } catch (error) {
      log.debug({ reason: messageOf(error) }, 'requests are counted a minute later')
    }
  }

  const next = (): void => {
    looking = keepLook()
    timer = clock.setTimer(next, lookEveryMs)
  }

  return {
    start: next,
    async stop(): Promise<void> {
      timer?.cancel()
      await looking
    },
    /** What came since the oldest look; nothing before the first one. */
    async read(): Promise<RecentRequests[]> {
      const [oldest] = looks
      return oldest === undefined ? [] : grownSince(oldest, await look())
    },
  }
}

const nothing: Counted = { count: 0, failed: 0 }

/** A gateway that was not there began to count within the time; one that is gone takes nothing back. */
const grownSince = (before: Look, now: Look): RecentRequests[] => {
  const grown = new Map<string, Counted>()
  for (const [node, services] of now) {
    for (const [service, { count, failed }] of services) {
      const then = before.get(node)?.get(service) ?? nothing
      const sum = grown.get(service) ?? nothing
      grown.set(service, {
        count: sum.count + count - then.count,
        failed: sum.failed + failed - then.failed,
      })
    }
  }
  return [...grown].flatMap(([service, counted]) =>
    counted.count > 0 ? [{ service, ...counted }] : [],
  )
}
