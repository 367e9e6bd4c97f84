import { messageOf } from '../../kernel/errors.ts'
import type { RuntimeLog } from '../runtime.ts'
import type { createHookRunner } from './container-hooks.ts'
import type { ContainerInfo } from './container-labels.ts'
import type { Engine } from './engine.ts'
import { endLeftCommands, type CommandMarks } from './left-commands.ts'
import type { NetworkResources } from './network-resources.ts'

type EarlierLifeDeps = {
  engine: Engine
  marks: CommandMarks
  hooks: Pick<ReturnType<typeof createHookRunner>, 'removeOrphans'>
  networks: Pick<NetworkResources, 'resume'>
  log: RuntimeLog
}

/** What a Keelson that was killed has left half done in the engine: put right once, by the next. */
export const createEarlierLife = (deps: EarlierLifeDeps) => {
  const { engine, marks, hooks, networks, log } = deps
  const unfinished = new Set(['hooks', 'networks', 'commands'])

  const once = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    if (!unfinished.delete(what)) return
    try {
      await work()
    } catch (error) {
      unfinished.add(what)
      throw error
    }
  }

  return {
    /** Before anything is looked at. Throws what the engine refuses; the next look tries again. */
    async clear(): Promise<void> {
      await once('hooks', () => hooks.removeOrphans())
      // One network that cannot be finished is no reason to know nothing of all the rest.
      await once('networks', () => networks.resume()).catch((error: unknown) => {
        log.warn({ reason: messageOf(error) }, 'the exchange of a network is not finished')
      })
    },

    /** In the background: nobody waits for it. */
    endCommands(containers: readonly ContainerInfo[]): void {
      once('commands', () => endLeftCommands(engine, marks, containers)).catch((error: unknown) => {
        log.warn({ reason: messageOf(error) }, 'commands of an earlier life may still run')
      })
    },
  }
}
