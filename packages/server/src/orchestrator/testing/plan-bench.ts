import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServiceSpec, StackSpec } from '@keelson/contract'
import { systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { until } from '../../kernel/testing/index.ts'
import { createFakeRuntime } from './fake-runtime.ts'
import { createHouseDb, openHouse, withResources, type House } from './house.ts'
import { stackSpec } from './spec.ts'

/** A house with a folder of the test's own, and its events; `again` is its next life. */
export const createPlanBench = async () => {
  const database = await createHouseDb()
  const dir = await mkdtemp(join(tmpdir(), 'keelson-plan-'))
  const processes = createFakeRuntime(systemClock)
  const containers = withResources(createFakeRuntime(systemClock, 'container'))
  const houses: House[] = []
  const again = async (): Promise<House> => {
    const house = await openHouse({ db: database.db, process: processes, container: containers })
    houses.push(house)
    await house.events.start()
    await house.start()
    return house
  }
  assert.ok(containers.resources !== null)
  return {
    ...{ dir, processes, containers, again, db: database.db, resources: containers.resources },
    house: await again(),
    file: async (name: string, text: string): Promise<string> => {
      await writeFile(join(dir, name), text)
      return join(dir, name)
    },
    async [Symbol.asyncDispose]() {
      for (const one of houses) {
        await one.events.stop()
        await one.crash()
      }
      await database[Symbol.asyncDispose]()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
export type PlanBench = Awaited<ReturnType<typeof createPlanBench>>

export const isHealthy = (house: House, ...names: string[]): Promise<void> =>
  until(`${names.join(', ')} healthy`, () =>
    names.every((name) => house.health.instance(name)?.state === 'healthy'),
  )

export const shop = (...services: ServiceSpec[]): StackSpec => stackSpec('shop', services)

export const withCode =
  (code: string, message = /./) =>
  (error: unknown): boolean =>
    error instanceof AppError && error.code === code && message.test(error.message)

/** By whatever number: an update may start the new one beside the old. */
export const starts = (runtime: PlanBench['processes'], service: string): number =>
  runtime.calls.filter((call) => call.startsWith(`start ${service}-`)).length

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A config file of a service, by path. */
export const configAt = (path: string): ServiceSpec['files'] => [
  { kind: 'config', source: 'app', target: 'app.conf', path },
]

/** Events of some types, oldest first. */
export const eventsOf = async (house: House, ...types: string[]): Promise<string[]> =>
  (await house.events.list({ limit: 1000 }))
    .filter(({ type }) => types.includes(type))
    .map(({ type, payload }) => `${type} ${'text' in payload ? payload.text : ''}`.trim())
    .reverse()

/** As kill -9, after what was observed had been written down. */
export const crash = async (house: House): Promise<void> => {
  await house.recorder.flush(5000)
  await house.events.stop()
  await house.crash()
}
