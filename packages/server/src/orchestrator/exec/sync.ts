import type { Static } from 'typebox'
import type { Api, HookSpec, RuntimeKind } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit, AuditEntry } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { ServiceDeclaration } from '../../registry/index.ts'
import type { Keeper } from '../keeper/keeper.ts'
import { ownStack, type KnownStacks } from '../known-stacks.ts'
import type { FileChanges, InstanceSpec, ObservedInstance, Runtime } from '../runtime.ts'
import { createSyncedFiles } from './sync-files.ts'
import { isWithin, realCopies } from './sync-sources.ts'
import type { InstanceWish } from '../keeper/wish.ts'

type SyncDeps = {
  audit: Pick<Audit, 'write'>
  stacks: Pick<KnownStacks, 'get' | 'inTurn' | 'whenComplete'>
  keepers: ReadonlyMap<string, Keeper>
  runtimes: Record<RuntimeKind, Runtime>
  clock: Clock
}
export type SyncChanges = Static<Api['syncService']['body']>

/** A hook that has not ended by then is not waited for any longer. */
const hookMaxMs = 600_000
/** Removals become the words of one command. */
const removalsAtOnce = 500

/** Files of the host in what runs of a service, as `keelson watch` wants them. */
export const createSync = ({ audit, stacks, keepers, runtimes, clock }: SyncDeps) => {
  const synced = createSyncedFiles()

  const copyInto = async (observed: ObservedInstance, changes: FileChanges): Promise<void> => {
    const { copies, removals } = changes
    const runtime = runtimes[observed.runtime]
    for (let from = 0; from < removals.length; from += removalsAtOnce) {
      const part = removals.slice(from, from + removalsAtOnce)
      await runtime.copyInto(observed, { copies: [], removals: part })
    }
    if (copies.length > 0) await runtime.copyInto(observed, { copies, removals: [] })
  }

  const runHook = async (instance: InstanceSpec, hook: HookSpec): Promise<void> => {
    const late = Promise.withResolvers<never>()
    const tooLate = new AppError('hook_failed', { message: `It did not end in ${hookMaxMs} ms` })
    const timer = clock.setTimer(() => late.reject(tooLate), hookMaxMs)
    const run = runtimes[instance.spec.runtime].runHook(instance, hook, 'postStart')
    const exitCode = await Promise.race([run, late.promise]).finally(() => timer.cancel())
    if (exitCode === 0) return
    const how = exitCode === null ? 'was killed' : `ended with exit code ${exitCode}`
    const message = `\`${hook.command.join(' ')}\` ${how} in ${instance.name}`
    throw new AppError('hook_failed', { message })
  }

  const syncInTurn = async (
    actor: Actor,
    service: ServiceDeclaration,
    changes: SyncChanges,
  ): Promise<void> => {
    const { spec: stack } = stacks.get(service.stack)
    const { spec } = service
    const hooks = changes.afterwards === 'exec' ? hooksOf(service, changes) : []
    const copies = await realCopies(stack, spec, changes.copies)
    const running = runningOf(keepers, service.id)
    // A restart may be just what it takes to bring it up again.
    if (running.length === 0 && changes.afterwards !== 'restart') {
      const message = `Nothing of ${spec.name} runs now, so nothing can be copied into it`
      throw new AppError('service_stopped', { message })
    }
    // Before it happens: what is copied cannot be taken back when it cannot be told.
    await audit.write(actor, syncEntry(service, changes))
    for (const { observed, wish } of running) {
      await copyInto(observed, { copies, removals: changes.removals })
      const { stack: of, service: name, name: instance, index, incarnation } = observed
      const ref = { stack: of, service: name, name: instance, index, incarnation }
      for (const hook of hooks) await runHook({ ...ref, ...wish }, hook)
    }
    await synced.note(service.id, running[0]?.wish, { copies, removals: changes.removals })
  }

  return {
    /**
     * Copies, removes, and runs the hooks of what is watched; the restart is the caller's. Throws
     * AppError: service_protected, sync_refused, service_stopped, hook_failed.
     */
    async sync(actor: Actor, service: ServiceDeclaration, changes: SyncChanges): Promise<void> {
      await stacks.whenComplete()
      if (service.builtIn || service.stack === ownStack) {
        const message = `${service.spec.name} is one of Keelson's own parts`
        throw new AppError('service_protected', { message })
      }
      await stacks.inTurn(`sync ${service.id}`, () => syncInTurn(actor, service, changes))
    },

    /** A new container has what was copied into the one before, for as long as it is the same. */
    withSynced: (serviceId: string, wish: InstanceWish): InstanceWish =>
      synced.into(serviceId, wish),
    forget: synced.forget,
  }
}

const toldMax = 100

/** The first hundred targets; all of them are counted. */
const syncEntry = ({ id }: ServiceDeclaration, changes: SyncChanges): AuditEntry => {
  const { copies, removals, afterwards } = changes
  const targets = [...copies.map(({ target }) => target), ...removals]
  return {
    action: 'service.synced',
    object: { kind: 'service', id, name: id },
    after: {
      ...{ copies: copies.length, removals: removals.length, afterwards },
      targets: targets.slice(0, toldMax),
    },
  }
}

/** Each hook once, of the rules that any of the changed files falls under. */
const hooksOf = ({ spec }: ServiceDeclaration, { copies, removals }: SyncChanges): HookSpec[] => {
  const rules = spec.watch.filter(
    ({ action, path, target }) =>
      action === 'sync+exec' &&
      (copies.some(({ source }) => isWithin(path, source)) ||
        removals.some((removal) => isWithin(target ?? '/', removal))),
  )
  const hooks = rules.flatMap(({ exec }) => (exec === undefined ? [] : [exec]))
  if (hooks.length > 0)
    return [...new Map(hooks.map((hook) => [JSON.stringify(hook), hook])).values()]
  const message = `${spec.name} has no develop.watch with exec for these files`
  throw new AppError('sync_refused', { message })
}

/** Those that are what they are to be: another edition is on its way in or out. */
const runningOf = (keepers: ReadonlyMap<string, Keeper>, serviceId: string) =>
  [...keepers.values()]
    .filter(({ id }) => id.serviceId === serviceId)
    .sort((a, b) => a.id.index - b.id.index)
    .flatMap(({ observed, goal }) =>
      observed?.running === true && goal.kind === 'run' && goal.wish.digest === observed.digest
        ? [{ observed, wish: goal.wish }]
        : [],
    )
