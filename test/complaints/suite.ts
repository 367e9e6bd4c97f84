import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import {
  startDocker,
  type TestDocker,
} from '../../packages/server/src/orchestrator/runtime-container/docker-harness.ts'
import { createKeelson, type Keelson } from '../harness.ts'
import { createStacks, type TestStacks } from './stacks.ts'

/** The image of the containers here: a busybox. */
export const image = 'keelson/complaints:local'

const started = await startDocker()
/** Why containers cannot be tested here, or false. */
export const noEngine =
  'unavailable' in started ? `no Docker Engine: ${started.unavailable}` : (false as const)
if (!('unavailable' in started)) after(() => started.stop())

/** The engine of this test file; only where there is one (`noEngine`). */
export const engine = (): TestDocker => {
  assert.ok(!('unavailable' in started))
  return started
}

/**
 * One Keelson for all tests of a suite, which come beside each other, and its stacks. To be called
 * in the suite; what it returns is there once the tests run.
 */
export const useStacks = (): { keelson: () => Keelson; stacks: () => TestStacks } => {
  let keelson: Keelson | undefined
  let stacks: Awaited<ReturnType<typeof createStacks>> | undefined
  before(async () => {
    const env = noEngine === false ? { DOCKER_HOST: `unix://${engine().socket}` } : {}
    if (noEngine === false) await engine().makeImage(image)
    keelson = await createKeelson({ env })
    stacks = await createStacks(keelson)
    const first = await stacks.write('first', 'services: { idle: { <<: *server } }\n')
    await first.up()
  })
  after(async () => {
    await keelson?.stop()
    await stacks?.dispose()
  })
  return {
    keelson: () => {
      assert.ok(keelson !== undefined)
      return keelson
    },
    stacks: () => {
      assert.ok(stacks !== undefined)
      return stacks
    },
  }
}
