import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { promisify } from 'node:util'
import { systemClock } from '../../kernel/clock.ts'
import { quietLog } from '../../kernel/testing/index.ts'
import { createLogStore, type LogStore } from '../logs/index.ts'
import { testImage } from '../runtime-container/container-bench.ts'
import { startDocker, type TestDocker } from '../runtime-container/docker-harness.ts'
import { contextDigest, createContainerRuntime } from '../runtime-container/index.ts'
import { createHouseDb, openHouse, type House } from './house.ts'
import { stackSpec } from './spec.ts'

/** A real engine for the tests of one file, and what of it this machine does not have. */
export const openRealEngine = async () => {
  const engine = await startDocker()
  const skip = 'unavailable' in engine ? `NO DOCKER ENGINE: ${engine.unavailable}` : false
  if (!('unavailable' in engine)) {
    await engine.makeImage(testImage)
    after(() => engine.stop())
  }
  const withoutCompose = await promisify(execFile)('docker-compose', ['version']).then(
    () => false as const,
    () => 'NO docker-compose',
  )
  const createBench = () => {
    assert(!('unavailable' in engine))
    return createRealBench(engine)
  }
  return { skip, withoutCompose, createBench }
}

/** A house over a real engine; `again` is its next life. */
export const createRealBench = async ({ socket, docker }: TestDocker) => {
  const database = await createHouseDb()
  const dir = await mkdtemp(join(tmpdir(), 'keelson-real-'))
  const lives: { house: House; logs: LogStore }[] = []
  const again = async (): Promise<House> => {
    const logs = createLogStore({ dir: join(dir, 'logs'), clock: systemClock })
    const dockerHost = `unix://${socket}`
    const container = createContainerRuntime({
      ...{ dockerHost, owner: 'plans', logs, clock: systemClock, log: quietLog },
    })
    const house = await openHouse({ db: database.db, container, contextDigest })
    lives.push({ house, logs })
    await house.start(stackSpec('keelson', []))
    return house
  }
  return {
    ...{ dir, docker, again, house: await again() },
    /** Lines in the log of an instance, in the life that is now. */
    logged: async (instance: string): Promise<number> => {
      const query = { stack: 'plans', instances: [instance], limit: 1000 }
      return (await lives.at(-1)?.logs.page(query))?.items.length ?? 0
    },
    run: (program: string, args: readonly string[]) =>
      promisify(execFile)(program, args, {
        ...{ cwd: dir, env: { ...process.env, DOCKER_HOST: `unix://${socket}` } },
      }),
    async [Symbol.asyncDispose]() {
      await lives.at(-1)?.house.orchestrator.stopAll('the test is over')
      for (const { house, logs } of lives) {
        await house.crash()
        await logs.close()
      }
      await database[Symbol.asyncDispose]()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
