import { plainStack } from '@keelson/contract'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContainerSpec, ServiceSpec, StackSpec } from '@keelson/contract'
import { systemClock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/ids.ts'
import { createLogStore } from '../logs/log-store.ts'
import type { RuntimeBench } from '../runtime-process/runtime-cases.ts'
import { createContainerRuntime } from './container-runtime.ts'

/** The image of every test: a busybox. */
export const testImage = 'keelson-test/busybox:1'

export const containerOf = (more: Partial<ContainerSpec> = {}): ContainerSpec => ({
  image: testImage,
  pullPolicy: 'missing',
  networks: {},
  mounts: [],
  init: false,
  tty: false,
  stdinOpen: false,
  privileged: false,
  readOnly: false,
  capAdd: [],
  capDrop: [],
  extraHosts: {},
  ...more,
})

export const stackOf = (
  services: readonly ServiceSpec[],
  more: Partial<StackSpec> = {},
): StackSpec => ({
  name: 'cases',
  ...plainStack,
  services: [...services],
  ...more,
})

const silentLog = { info: () => undefined, warn: () => undefined }

/**
 * A container runtime of an owner of its own: benches share an engine without meeting. `way` is
 * another one to the engine than its socket.
 */
export const createContainerBench = async (
  socket: string,
  way = `unix://${socket}`,
): Promise<RuntimeBench & { dir: string; owner: string }> => {
  const dir = await mkdtemp(join(tmpdir(), 'keelson-run-'))
  const owner = newId()
  const open = () => {
    const logs = createLogStore({ dir: join(dir, 'logs'), clock: systemClock })
    const options = { dockerHost: way, owner, logs, clock: systemClock, log: silentLog }
    return { logs, runtime: createContainerRuntime(options) }
  }
  let current = open()
  return {
    dir,
    owner,
    ...current,
    adapt: (spec) => ({
      ...spec,
      runtime: 'container',
      container: spec.container ?? containerOf(),
    }),
    restart: async () => {
      await current.runtime.close()
      await current.logs.close()
      current = open()
      return current
    },
    [Symbol.asyncDispose]: async () => {
      try {
        for (const instance of await current.runtime.observe()) {
          await current.runtime.stop(instance, { signal: 'SIGKILL', graceMs: 0 })
          await current.runtime.remove(instance)
        }
      } finally {
        await current.runtime.close()
        await current.logs.close()
        await rm(dir, { recursive: true, force: true })
      }
    },
  }
}
