import type { StackSpec } from '@keelson/contract'
import type { Actor } from '../kernel/actor.ts'
import type { Audit, AuditEntry } from '../kernel/audit/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Db, Tx } from '../kernel/db.ts'
import { AppError, messageOf } from '../kernel/errors.ts'
import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import type { Registry } from '../registry/index.ts'
import { databasesOf, type StackDatabases } from './databases.ts'
import type { Finding, Found } from './finding.ts'
import type { Adoption } from './plan/adoption.ts'
import type { Keeping } from './keeper/keeping.ts'
import type { KnownStack, KnownStacks, StackHead } from './known-stacks.ts'
import { dependencyLevels } from './plan/plan.ts'
import type { PortAllocator } from './ports.ts'
import type { Places } from './places.ts'
import type { RestartCounts } from './keeper/restart-counts.ts'
import type { Runtime } from './runtime.ts'
import type { Updates } from './rollout/updates.ts'
import { deleteStack, markRemoving } from './store.ts'
import type { Timers } from './timers.ts'

type TakeDownDeps = {
  db: Db
  events: Events
  audit: Pick<Audit, 'record' | 'write'>
  registry: Registry
  clock: Clock
  log: Log
  stacks: KnownStacks
  keeping: Keeping
  finding: Finding
  adoption: Pick<Adoption, 'isElsewhere' | 'leftOf' | 'madeFor'>
  places: Pick<Places, 'of' | 'erase' | 'forget'>
  updates: Pick<Updates, 'halt'>
  timers: Timers
  restarts: RestartCounts
  ports: PortAllocator
  databases: StackDatabases
  containers: Runtime
  /** Nothing of a stack is left. */
  onRemoved: (stack: string) => void
}

/**
 * `resources`: networks and volumes of the file, of a stack that is not there any more; `workingDir`
 * is the folder of that file.
 */
export type RemoveOptions = { volumes: boolean; resources?: string[]; workingDir?: string }

type Removal = { volumes: boolean; by: string }

const retryMs = 3000
/** On top of the grace of all levels: then what cannot be stopped is left to itself. */
const stopAllMarginMs = 30_000

/** Ends stacks: for good, or because Keelson stops. */
export const createTakeDown = (deps: TakeDownDeps) => {
  const { db, events, audit, registry, clock, log, stacks, keeping, finding, containers } = deps

  /** Dependents before what they depend on; all of one level at once. */
  const stopInOrder = async (known: KnownStack, cause: string): Promise<void> => {
    await deps.updates.halt(known.spec.name)
    for (const level of dependencyLevels(known.spec.services).reverse()) {
      const mine = [...known.keepers.values()].filter((keeper) => level.includes(keeper.id.service))
      await Promise.all(mine.map((keeper) => keeping.retire(known, keeper, cause)))
    }
    const others = [...known.keepers.values()]
    await Promise.all(others.map((keeper) => keeping.retire(known, keeper, cause)))
    await Promise.all([...known.formers].map((former) => former.gone()))
  }

  /** The part of a removal that a crash may interrupt; the next start does it again. */
  const finish = async (known: KnownStack, { volumes, by }: Removal): Promise<void> => {
    const { spec } = known
    const hasContainers = spec.services.some(({ runtime }) => runtime === 'container')
    known.late.clear() // nothing of it is to be taken up any more, only to be ended
    if (hasContainers) {
      const found = await finding.observe()
      for (const service of spec.services) finding.adopt(known, service, found)
    }
    await stopInOrder(known, 'the stack is removed')
    if (hasContainers) await endLeft(spec)
    const left = hasContainers ? await removeResources(spec, { volumes }) : []
    if (volumes) await deps.databases.remove(spec.name, databasesOf(spec))
    for (const service of registry.services())
      if (service.stack === spec.name) registry.withdraw(service.id)
    await deps.ports.release(spec.name)
    await forget(spec, by, left)
  }

  /** Networks and volumes, also those that Docker Compose made; answers with what others still use. */
  const removeResources = async (
    spec: StackSpec,
    { volumes }: { volumes: boolean },
  ): Promise<string[]> => {
    const made = await deps.adoption.madeFor(spec)
    const options = { volumes, ...(made === undefined ? {} : { made }) }
    return (await containers.resources?.removeAll(spec.name, options))?.left ?? []
  }

  /**
   * What an earlier removal has kept: what is ours, and of `resources` what Docker Compose has made,
   * unless a project of the name is another folder's, or nobody says which folder is meant. Throws
   * AppError('stack_not_found') when there are none, and then nothing has changed.
   */
  const removeKept = async (
    actor: Actor,
    name: string,
    { resources, workingDir }: { resources: string[]; workingDir: string | undefined },
  ): Promise<void> => {
    await audit.write(actor, removedEntry(name, { kept: resources }))
    const isTheirs = workingDir === undefined || (await deps.adoption.isElsewhere(name, workingDir))
    const made = isTheirs ? {} : { made: { networks: resources, volumes: resources } }
    const gone = await containers.resources?.removeAll(name, { volumes: true, ...made })
    const { removed = [], left = [] } = gone ?? {}
    if (removed.length + left.length === 0) stacks.get(name)
    log.info({ stack: name, removed, left }, 'what an earlier removal had kept is removed')
    await db.transaction((tx) => publishRemoved(tx, name, actor.name, left))
  }

  const publishRemoved = (tx: Tx, stack: string, actor: string, left: readonly string[]) =>
    events.publish(tx, {
      ...{ type: 'stack.removed', subject: stack, actor },
      payload: { stack, ...(left.length === 0 ? {} : { left: [...left] }) },
    })

  /** What Docker Compose has made anew of a stack that was taken over has no keeper. */
  const endLeft = async (stack: StackSpec): Promise<void> => {
    for (const left of await deps.adoption.leftOf(stack)) {
      const of = stack.services.find(({ name }) => name === left.service)
      log.info({ stack: stack.name, container: left.container?.name }, 'ending what is left of it')
      const how = { signal: of?.stopSignal ?? 'SIGTERM', graceMs: of?.stopGraceMs ?? 10_000 }
      if (left.running) await containers.stop(left, how)
      await containers.remove(left)
    }
  }

  const forget = async (spec: StackSpec, by: string, left: readonly string[]): Promise<void> => {
    const { name } = spec
    await db.transaction(async (tx) => {
      await deleteStack(tx, name)
      await deps.places.erase(tx, name)
      await publishRemoved(tx, name, by, left)
    })
    stacks.forget(name)
    deps.onRemoved(name)
    const places = deps.places.of(name).flatMap((state) => state.places)
    deps.places.forget(name)
    deps.restarts.forget(
      name,
      places.map((place) => place.name),
    )
  }

  /** Until it succeeds, or somebody else applies or removes the stack. */
  const finishInTurn = (known: KnownStack, removal: Removal): void => {
    const { name } = known.spec
    const attempt = async (): Promise<void> => {
      if (stacks.find(name) === known) await finish(known, removal)
    }
    stacks.inTurn(name, attempt).catch((error: unknown) => {
      log.error({ stack: name, reason: messageOf(error) }, 'removal is not finished yet')
      deps.timers.later(retryMs, () => finishInTurn(known, removal))
    })
  }

  /** Removes a stack and, if asked for or of a demo, its volumes and databases. */
  const removeInTurn = async (
    actor: Actor,
    name: string,
    options: RemoveOptions,
  ): Promise<void> => {
    await stacks.whenComplete()
    const { volumes: isAll, resources, workingDir } = options
    if (isAll && resources !== undefined && stacks.find(name) === undefined) {
      await removeKept(actor, name, { resources, workingDir })
      return
    }
    const known = stacks.get(name)
    if (known.builtIn) {
      throw new AppError('service_protected', { message: `The stack ${name} is Keelson itself` })
    }
    const volumes = options.volumes || known.spec.demo
    await db.transaction(async (tx) => {
      await markRemoving(tx, name, { volumes })
      audit.record(tx, actor, removedEntry(name, { volumes, revision: known.revision }))
    })
    await finish(known, { volumes, by: actor.name })
  }

  const stopEverything = async (cause: string): Promise<void> => {
    const others = stacks.all().filter(({ builtIn }) => !builtIn)
    await Promise.all(
      others.map((known) => stacks.inTurn(known.spec.name, () => stopInOrder(known, cause))),
    )
    for (const known of stacks.all()) await stopInOrder(known, cause)
  }

  const stopAll = async (cause: string): Promise<void> => {
    stacks.cancelAllApplies()
    const others = stacks.all().filter(({ builtIn }) => !builtIn)
    const limitMs = stopAllMarginMs + Math.max(0, ...others.map(({ spec }) => graceOf(spec)))
    const limit = Promise.withResolvers<void>()
    const timer = clock.setTimer(limit.resolve, limitMs)
    await Promise.race([stopEverything(cause), limit.promise])
    timer.cancel()
    const left = [...stacks.keepers.keys()]
    if (left.length > 0) log.error({ instances: left }, 'left running: they cannot be stopped')
  }

  return {
    /** Throws AppError('stack_not_found'), 'service_protected', and what an engine refuses. */
    remove: (actor: Actor, name: string, options: RemoveOptions): Promise<void> => {
      const isCalledOff = stacks.cancelApply(name)
      return stacks.inTurn(name, async () => {
        // Its first apply was still pulling images: nothing of it is there.
        if (isCalledOff && stacks.find(name) === undefined) return
        await removeInTurn(actor, name, options)
      })
    },

    /** A removal that was cut short: what is left of the stack is ended, and nothing started. */
    resume(head: StackHead, found: Found, options: { volumes: boolean }): void {
      const known = stacks.next(head)
      stacks.put(known)
      for (const spec of head.spec.services) {
        keeping.declare(known, spec)
        finding.adopt(known, spec, found)
      }
      finishInTurn(known, { ...options, by: 'Keelson' })
    },

    /** Stops every stack, its own last; nothing of them is left. The stacks stay applied. */
    stopAll,
  }
}

export type TakeDown = ReturnType<typeof createTakeDown>

const removedEntry = (name: string, before: NonNullable<AuditEntry['before']>): AuditEntry => ({
  action: 'stack.removed',
  object: { kind: 'stack', id: name, name },
  before,
})

/** How long a stack may take to stop in order. */
const graceOf = ({ services }: StackSpec): number =>
  dependencyLevels(services).length * Math.max(0, ...services.map(({ stopGraceMs }) => stopGraceMs))
