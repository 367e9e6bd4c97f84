import { resolve } from 'node:path'
import type { Static } from 'typebox'
import type { Api, HookSpec, RuntimeKind, ServiceSpec } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit, AuditEntry } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { ServiceDeclaration } from '../../registry/index.ts'
import type { Keeper } from '../keeper/keeper.ts'
import { ownStack, type KnownStacks } from '../known-stacks.ts'
import type { FileChanges, InstanceSpec, ObservedInstance, Runtime } from '../runtime.ts'
import { createSyncedFiles } from './sync-files.ts'
import { hooksFor, refuseUnruled, syncRules } from './sync-rules.ts'
import { realCopies } from './sync-sources.ts'
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
    asked: SyncChanges,
  ): Promise<void> => {
    const changes = withoutDetours(asked)
    const { spec: stack } = stacks.get(service.stack)
    // Of the file, as labels are: `keelson watch` goes by it, whichever edition runs.
    const spec = stack.services.find(({ name }) => name === service.spec.name) ?? service.spec
    const rules = syncRules(stack, spec)
    await refuseUnruled(spec, rules, changes)
    const hooks = changes.afterwards === 'exec' ? hooksFor(rules, changes) : []
    if (changes.afterwards === 'exec' && hooks.length === 0) throw noHook(spec)
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

/** A `..` after a link leads elsewhere than its words say. */
const withoutDetours = ({ copies, removals, afterwards }: SyncChanges): SyncChanges => ({
  copies: copies.map(({ source, target }) => ({
    source: resolve(source),
    target: resolve(target),
  })),
  removals: removals.map((path) => resolve(path)),
  afterwards,
})

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

const noHook = ({ name }: ServiceSpec): AppError => {
  const message = `${name} has no develop.watch with exec for these files`
  return new AppError('sync_refused', { message })
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
