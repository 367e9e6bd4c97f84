import {
  stackRights,
  type ActionProgress,
  type Drift,
  type GatewayFileSpec,
  type Plan,
  type RuntimeKind,
  type ServiceSpec,
  type Stack,
  type StackSpec,
} from '@keelson/contract'
import type { Actor } from '../kernel/actor.ts'
import type { Audit } from '../kernel/audit/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import type { Recorder } from '../kernel/recorder.ts'
import type { Health } from '../health/index.ts'
import type { Registry, ServiceDeclaration } from '../registry/index.ts'
import { createApply } from './apply.ts'
import { createBoot } from './boot.ts'
import type { StackDatabases } from './databases.ts'
import { createPersonsCommands } from './exec/commands.ts'
import { createFinding } from './finding.ts'
import { createHosts } from './hosts.ts'
import { createKeeping } from './keeper/keeping.ts'
import type { LogStore } from './logs/index.ts'
import { createKnownStacks, type KnownStack } from './known-stacks.ts'
import type { CredentialsOf } from './plan/environment.ts'
import { openPlanBooks, type Updates as UpdateFacts } from './plan/books.ts'
import { readByCommand, type FilesReader } from './plan/files-reader.ts'
import type { KeptRevision } from './plan/revisions.ts'
import { createStackFiles } from './plan/stack-files.ts'
import type { ContextDigest } from './plan/surroundings.ts'
import { openPlaces } from './places.ts'
import { createPlanning, type GatewayCheck, type PlanOptions } from './plan/planning.ts'
import { createPortAllocator } from './ports.ts'
import { openRestartCounts } from './keeper/restart-counts.ts'
import type { Drain } from './rollout/drain.ts'
import { runningEditions } from './rollout/state.ts'
import { createUpdates } from './rollout/updates.ts'
import type { Runtime } from './runtime.ts'
import { createServiceVerbs } from './service-verbs.ts'
import { relaySignals } from './keeper/signals.ts'
import { openStackStarts } from './views/stack-start/stack-starts.ts'
import { createStackUsage } from './views/stack-usage.ts'
import { createStackState } from './views/stack-state.ts'
import { holderFaults } from './plan/name-holders.ts'
import { startChecks } from './plan/start-check.ts'
import { deleteStorm, portStore, saveStorm, selectStorms } from './store.ts'
import { createStorms } from './keeper/storm.ts'
import { createSync, type SyncChanges } from './exec/sync.ts'
import { createTakeDown } from './take-down.ts'
import { createTakeUp } from './take-up.ts'
import { createTimers } from './timers.ts'

type OrchestratorDeps = {
  db: Db
  events: Events
  audit: Pick<Audit, 'record' | 'write'>
  recorder: Recorder
  registry: Registry
  health: Health
  runtimes: Record<RuntimeKind, Runtime>
  clock: Clock
  log: Log
  /** Public address of the gateway, told to every service. */
  gatewayUrl: string
  /** By what services prove who they are. */
  credentialsOf: CredentialsOf
  databases: StackDatabases
  /** What instances wrote. */
  logs?: Pick<LogStore, 'page'>
  /** Of what the build of an image would send. */
  contextDigest?: ContextDigest
  /** How files of stacks are read: by the command line's own program, unless a test says otherwise. */
  readFiles?: FilesReader
}

/** A Kong file, and the stack whose revision it is part of. */
export type GatewayFile = {
  stack: string
  file: GatewayFileSpec
  revision: number
  appliedAt: Date
}

export type Orchestrator = Awaited<ReturnType<typeof createOrchestrator>>

/**
 * Brings stacks up and keeps them up. Each part knows those before it: what is applied (stacks),
 * what should be (planning), who makes it so (keeping), what is found running (finding), and the
 * verbs on top: take up, apply, take down, restart.
 */
export const createOrchestrator = async (deps: OrchestratorDeps) => {
  const { db, recorder, registry, health, runtimes, clock, log } = deps
  const timers = createTimers(clock)
  const stacks = createKnownStacks()
  const places = await openPlaces(deps)
  const facts: UpdateFacts = {
    rolloutsOf: (stack) => updates.rolloutsOf(stack),
    stoppedBy: places.stoppedBy,
    scaledBy: (stack, spec) => places.scaledBy(stack, spec),
    wantedOf: places.wantedOf,
    isIdle: (stack, service, instance) =>
      places
        .find(stack, service)
        ?.places.some(({ name, stage }) => name === instance && stage === 'idle') === true,
  }
  const { keepers } = stacks
  const restarts = await openRestartCounts(db, recorder)
  const ports = await createPortAllocator(portStore(db))
  const checks = startChecks({
    keepers,
    ports,
    injectedOf: (id) => registry.findService(id)?.injected ?? {},
    onMove: (id) => afterMove(id),
  })
  const known = { ...deps, containers: runtimes.container, stacks, places, ports, restarts, timers }
  const books = await openPlanBooks({ contextDigest: undefined, ...known, updates: facts })
  const base = { ...known, ...books }
  places.onChange(({ stack, service, rollout }) => {
    if (rollout !== null) books.progress.updated(stack, service, rollout)
  })
  let gatewayCheck: GatewayCheck = () => null
  const planning = createPlanning({
    ...base,
    gatewayStep: (stack, former) => gatewayCheck(stack, former),
    machineFaults: async (stack, own) => [
      ...(await checks.stack(stack, own)),
      ...(await holderFaults(stack, {
        ...known,
        placesOf: (stack, service) => places.placesOf(stack, service),
      })),
    ],
  })
  const findRunning = (name: string) => keepers.get(name)?.observed ?? null
  const hosts = createHosts({ registry, health, runtimes, findRunning, clock, log })
  const isCalm = (id: string): boolean =>
    registry.instancesOf(id).every(({ phase }) => phase !== 'backoff' && phase !== 'failed')
  const storms = createStorms({
    ...{ ...known, isCalm },
    known: await selectStorms(db),
    save: (storm) => recorder.record((tx) => saveStorm(tx, storm)),
    forget: (id) => recorder.record((tx) => deleteStorm(tx, id)),
  })
  const sync = createSync({ ...deps, stacks, keepers })
  const keeping = createKeeping({
    ...{ ...base, storms },
    checkStart: async (id, wish) => ({
      ...(await checks.instance(id, sync.withSynced(id.serviceId, wish))),
      hosts: hosts.of(id.stack, wish.spec.runtime),
    }),
  })
  const updates = createUpdates({
    ...{ ...base, keeping, keepers },
    resolveOne: (stack, spec) => planning.resolveOne(stack, spec),
    onMoved: (id) => afterMove(id),
  })
  const finding = createFinding({ ...base, keeping })
  const takeUp = createTakeUp({ ...base, planning, keeping, finding, updates })
  const takeDown = createTakeDown({ ...base, keeping, finding, updates })
  const { takeUpLate } = takeUp
  const { apply, afterMove } = createApply({ ...base, planning, keeping, updates, takeUpLate })
  const { start, vouchFor } = createBoot({ ...base, finding, takeUp, takeDown })
  const services = createServiceVerbs({ ...base, planning, updates, keepers })
  const starts = await openStackStarts(base)
  const usage = createStackUsage({ runtimes, keepers, clock })
  const describe = (known: KnownStack): Stack => ({
    ...describeStack(known, registry),
    driftCount: books.drift.of(known.spec.name).length,
  })
  const state = createStackState({ ...base, ...facts, describe })
  const plan = async (given: StackSpec, options: PlanOptions = {}): Promise<Plan> => {
    await stacks.whenComplete()
    const stack = planning.asNamed(given, options)
    await planning.preflight(stack)
    return books.plans.remember((await planning.plan(stack, options)).plan)
  }
  const files = createStackFiles({
    ...{ stacks, clock, plan, apply },
    read: deps.readFiles ?? readByCommand,
  })
  registry.onChange((change) => {
    if (change.kind !== 'service_removed') return
    storms.forget(change.service.id)
    sync.forget(change.service.id)
  })
  const { heal } = keeping
  relaySignals({ keepers, runtimes, registry, health, heal, look: updates.look })

  return {
    apply,
    remove: takeDown.remove,
    restartService: services.restart,
    askRestart: services.askRestart,
    startService: services.start,
    stopService: services.stop,
    scaleService: services.scale,
    rollBackService: services.rollBack,
    /** Files, and what is to follow. Throws AppError, also where it may not be restarted afterwards. */
    async syncService(
      actor: Actor,
      service: ServiceDeclaration,
      changes: SyncChanges,
    ): Promise<void> {
      const restarts = changes.afterwards === 'restart'
      if (restarts) await services.refuseRestart(actor, service)
      await sync.sync(actor, service, changes)
      if (restarts) await services.askRestart(actor, service)
    },
    rollouts: updates.rolloutsOf,
    /** What people run in instances, or beside them: keelson exec, keelson run. */
    commands: createPersonsCommands({
      ...base,
      planning,
      runtimes,
      hostsOf: (stack, kind) => hosts.of(stack, kind),
    }),
    /** Who can tell when nothing is under way to an instance any more: the gateway. */
    useDrain: (drain: Drain): void => updates.useDrain(drain),
    /** Who can read the Kong files of stacks: the gateway. */
    useGatewayCheck(check: GatewayCheck): void {
      gatewayCheck = check
    },
    /** Kong files of the stacks as they are applied. */
    gatewayFiles: (): GatewayFile[] =>
      stacks.all().flatMap(({ spec, revision, appliedAt }) => {
        const { name: stack, gateway: file } = spec
        return file === undefined ? [] : [{ stack, file, revision, appliedAt }]
      }),
    onStacks: stacks.onChange,
    start,
    stopAll: takeDown.stopAll,
    vouchFor,

    /** What applying a stack would do. Throws AppError: what is wrong with it. */
    plan,

    /** The files of a stack as they are now: what applying them would do, and doing it. */
    files,

    /**
     * The file beside what runs, and what has come to differ; of each service, what `actor` may do with
     * it, and the reason of what it suffers from where they may read that. Throws AppError('stack_not_found').
     */
    stackState: (name: string, actor?: Actor) => state.of(name, actor),
    /** Its services as they are applied, and as they run. Throws AppError('stack_not_found'). */
    specsOf: (name: string): ServiceSpec[] => [
      ...stacks.get(name).spec.services,
      ...places.of(name).flatMap((one) => runningEditions(one).map(({ spec }) => spec)),
    ],
    driftOf: (name: string): Drift[] => books.drift.of(name),
    /** Calls back with the actions of plans that are carried out, as they get on. */
    followActions: (
      listener: (progress: ActionProgress, written: readonly ServiceSpec[]) => void,
    ) => books.progress.follow(listener),

    /** Newest first. */
    revisions: (name: string): Promise<KeptRevision[]> => books.revisions.list(name),
    /** Applies an earlier revision again, by default the one before, as a new one. */
    async rollBack(
      actor: Actor,
      name: string,
      options: { revision?: number; dryRun: boolean },
    ): Promise<Plan> {
      const { spec, revision } = await books.revisions.specOf(name, options.revision)
      return options.dryRun ? plan(spec) : apply(actor, spec, { backTo: revision })
    },

    /** The Docker Engine, when one answers. */
    async engine(): Promise<{ version: string; apiVersion: string } | null> {
      return (await runtimes.container.resources?.check().catch(() => null)) ?? null
    },

    stackStart: (name: string) => starts.timeline(name),
    stackUsage: (name: string) => usage.of(name),

    stacks: (): Stack[] => stacks.all().map(describe),
    getStack: (name: string): Stack => describe(stacks.get(name)),
    hasStack: (name: string): boolean => stacks.find(name) !== undefined,

    /** Lets go of everything without touching it. */
    async close(): Promise<void> {
      timers.close()
      await updates.close()
      hosts.close()
      const formers = stacks.all().flatMap((known) => [...known.formers])
      await Promise.all([...keepers.values(), ...formers].map((keeper) => keeper.close()))
      await Promise.all(Object.values(runtimes).map((runtime) => runtime.close()))
    },
  }
}

/** As the platform itself sees it; answers are made of it for whoever asks. */
const describeStack = (known: KnownStack, registry: Registry): Omit<Stack, 'driftCount'> => ({
  name: known.spec.name,
  ...(known.spec.description === undefined ? {} : { description: known.spec.description }),
  workingDir: known.spec.workingDir,
  files: known.spec.files,
  demo: known.spec.demo,
  builtIn: known.builtIn,
  revision: known.revision,
  appliedAt: known.appliedAt.toISOString(),
  // Of its own parts Keelson runs only some by the spec; the registry has them all.
  services: registry
    .services()
    .filter(({ stack }) => stack === known.spec.name)
    .map(({ spec }) => spec.name),
  may: [...stackRights],
})
