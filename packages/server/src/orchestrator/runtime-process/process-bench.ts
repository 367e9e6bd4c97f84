import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../kernel/clock.ts'
import { createLogStore } from '../logs/log-store.ts'
import { createProcessRuntime } from './process-runtime.ts'
import type { RuntimeBench } from './runtime-cases.ts'

/**
 * A process runtime in a folder of its own below `parent`; `stateDir` is where it keeps its
 * incarnations, `warnings` what it has warned of.
 */
export const createProcessBench = async (
  parent = tmpdir(),
): Promise<RuntimeBench & { dir: string; stateDir: string; warnings: string[] }> => {
  const dir = await mkdtemp(join(parent, 'keelson-run-'))
  const stateDir = join(dir, 'run')
  const warnings: string[] = []
  const log = {
    info: () => undefined,
    warn: (_fields: object, message: string) => void warnings.push(message),
  }
  const open = () => {
    const logs = createLogStore({ dir: join(dir, 'logs'), clock: systemClock })
    const options = { stateDir, logs, clock: systemClock, log }
    return { logs, runtime: createProcessRuntime(options) }
  }
  let current = open()
  return {
    dir,
    stateDir,
    warnings,
    ...current,
    adapt: (spec) => spec,
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
