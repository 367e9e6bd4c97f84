import { systemClock, type Clock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { until } from '../../kernel/testing/index.ts'
import type { LogStore } from '../logs/index.ts'
import type { FilesReader } from '../plan/files-reader.ts'
import { createFakeRuntime } from './fake-runtime.ts'
import { createHouseDb, noDatabases, openHouse, withResources, type House } from './house.ts'

/** A house of its own for a test, with runtimes in memory; `again` is its next life. */
export const createFakeBench = async ({
  clock = systemClock,
  logs,
  readFiles,
}: { clock?: Clock; logs?: Pick<LogStore, 'page'>; readFiles?: FilesReader } = {}) => {
  const test = await createHouseDb()
  const processes = createFakeRuntime(clock)
  const containers = withResources(createFakeRuntime(clock, 'container'))
  const houses: House[] = []
  const databases = { ...noDatabases }
  const versions = new Map<string, string>()
  for (const runtime of [processes, containers]) {
    const start = runtime.start.bind(runtime)
    runtime.start = (instance) => {
      versions.set(instance.incarnation, instance.environment['VERSION'] ?? '')
      return start(instance)
    }
  }
  const database = { away: false, refused: 0 }
  const db: Db = {
    ...test.db,
    transaction(work) {
      if (!database.away) return test.db.transaction(work)
      database.refused += 1
      return Promise.reject(new AppError('database_unavailable', { message: 'gone' }))
    },
  }
  const open = async (more: { masterKey?: number } = {}): Promise<House> => {
    const runtimes = { process: processes, container: containers }
    const house = await openHouse({
      ...{ db, clock, ...runtimes, databases, ...more },
      ...(logs === undefined ? {} : { logs }),
      ...(readFiles === undefined ? {} : { readFiles }),
    })
    houses.push(house)
    return house
  }
  const house = await open()
  await house.start()
  return {
    ...{ house, processes, containers, open, db: test.db, databases },
    /** While it is away, nothing can be written. */
    database,
    /** $VERSION by incarnation. */
    versions,
    async again(more: { masterKey?: number } = {}): Promise<House> {
      const next = await open(more)
      await next.start()
      return next
    },
    /** Events of the timeline so far, oldest first. */
    async events(type: string): Promise<Record<string, unknown>[]> {
      await houses.at(-1)?.recorder.flush(5000)
      const rows = await test.db.many<{ payload: Record<string, unknown> }>(
        `select payload from kernel.event_outbox where type = $1 order by sequence`,
        [type],
      )
      return rows.map(({ payload }) => payload)
    },
    async [Symbol.asyncDispose]() {
      for (const one of houses) await one.crash()
      await test[Symbol.asyncDispose]()
    },
  }
}

export type FakeBench = Awaited<ReturnType<typeof createFakeBench>>

export const isHealthy = (house: House, ...names: string[]) =>
  until(`${names.join(', ')} healthy`, () =>
    names.every((name) => house.health.instance(name)?.state === 'healthy'),
  )
