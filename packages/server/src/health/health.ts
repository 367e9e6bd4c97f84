import type { State } from '@keelson/contract'
import type { Clock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import type { Recorder } from '../kernel/recorder.ts'
import {
  probeOf,
  type RegisteredInstance,
  type Registry,
  type ServiceDeclaration,
} from '../registry/index.ts'
import type { ExecProbe } from './probe.ts'
import { createProber } from './prober.ts'
import {
  deleteOldChanges,
  deleteVerdict,
  saveVerdict,
  selectChanges,
  selectVerdicts,
} from './store.ts'
import { judgeInstance, judgeService, rollUp, type ProbeRecord, type Verdict } from './verdict.ts'

export type ServiceVerdict = Verdict & {
  /** '<stack>/<service>' that it suffers from; null when the reason is its own. */
  root: string | null
  instancesHealthy: number
  instancesWanted: number
}

export type InstanceVerdict = Verdict & {
  latencyMs: number | null
  /** Its own checks say that this incarnation is not well. An instance can be down without it. */
  failing: boolean
}

type HealthDeps = {
  registry: Registry
  db: Db
  events: Events
  recorder: Recorder
  clock: Clock
  log: Log
}

export type Health = ReturnType<typeof createHealth>

const sweepMs = 1000
/** With a sweep every second, so long without a look means that this process did not run. */
const sleepMs = 5000
const cleanMs = 3_600_000
const changesKeptDays = 30

export const createHealth = (deps: HealthDeps) => {
  const { registry, db, events, recorder, clock, log } = deps
  const instanceVerdicts = new Map<string, Verdict & { failing: boolean }>()
  const serviceVerdicts = new Map<string, ServiceVerdict>()
  const instanceListeners: ((instance: RegisteredInstance, verdict: InstanceVerdict) => void)[] = []
  const serviceListeners: ((id: string) => void)[] = []
  let exec: ExecProbe = () => Promise.reject(new Error('nothing here can run a health command'))
  let scheduled = false
  let stopped = false
  let lookedAtMs = clock.now().getTime()
  let awakeSince = new Date(0)
  let timers: { cancel(): void }[] = []

  const prober = createProber({
    registry,
    clock,
    exec: (instance, command, limits) => exec(instance, command, limits),
    onRecord: (name) => {
      const instance = registry.findInstance(name)
      if (instance !== undefined) judge(instance)
    },
  })

  /** Many instances change in one turn; services are judged once after it. */
  const scheduleRollup = (): void => {
    if (scheduled || stopped) return
    scheduled = true
    queueMicrotask(() => {
      scheduled = false
      judgeServices()
    })
  }

  /** Time that nobody has seen pass (a stalled process, a closed lid) is nobody's silence. */
  const noticeSleep = (): void => {
    const nowMs = clock.now().getTime()
    if (nowMs - lookedAtMs > sleepMs) awakeSince = new Date(nowMs)
    lookedAtMs = nowMs
  }

  const judge = (instance: RegisteredInstance): void => {
    const service = registry.findService(instance.serviceId)
    if (service === undefined) return
    noticeSleep()
    const record = prober.recordOf(instance.name)
    const before = instanceVerdicts.get(instance.name)
    const judged = judgeInstance(instance, service, record, { now: clock.now(), awakeSince })
    const next =
      before !== undefined && awaitsFirstProbe(instance, service, record) ? before : judged
    const verdict = withSince(before, next, clock.now())
    const failing = instance.phase === 'running' && record?.failing === true
    instanceVerdicts.set(instance.name, { ...verdict, failing })
    const stateChanged = before?.state !== verdict.state
    if (stateChanged || before.reason !== verdict.reason) {
      recorder.record((tx) => saveVerdict(tx, instance.name, verdict, { change: false }))
      scheduleRollup()
    }
    if (stateChanged) publishInstance(instance, before?.state ?? 'unknown', verdict)
    if (!stateChanged && before.failing === failing) return
    for (const listener of instanceListeners) {
      listener(instance, { ...verdict, failing, latencyMs: record?.latencyMs ?? null })
    }
  }

  const publishInstance = (instance: RegisteredInstance, from: State, verdict: Verdict): void => {
    // Of a single instance the service says the same, and people read both.
    if ((registry.findService(instance.serviceId)?.spec.replicas ?? 1) < 2) return
    const [stack = '', service = ''] = instance.serviceId.split('/')
    recorder.record((tx) =>
      events.publish(tx, {
        type: 'instance.state_changed',
        subject: instance.serviceId,
        at: verdict.since,
        payload: {
          instance: instance.name,
          service,
          stack,
          from,
          to: verdict.state,
          reason: verdict.reason,
        },
      }),
    )
  }

  const ownNodes = () =>
    registry.services().map((service) => {
      const instances = registry.instancesOf(service.id)
      const staying = instances.filter((instance) => instance.wanted)
      // Those on their way out only count when nothing else is left to speak for the service.
      const judged = (staying.length > 0 ? staying : instances).map(({ name }) => {
        const verdict = instanceVerdicts.get(name)
        return { name, state: verdict?.state ?? 'unknown', reason: verdict?.reason ?? '' }
      })
      const wanted = service.spec.replicas
      return {
        id: service.id,
        own: judgeService(wanted, judged, serviceVerdicts.get(service.id)?.state),
        wanted,
        instancesHealthy: judged.filter(({ state }) => state === 'healthy').length,
        dependsOn: service.spec.dependsOn
          // A finished job is not needed any more, whatever becomes of it.
          .filter(
            ({ required, condition }) => required && condition !== 'service_completed_successfully',
          )
          .map((dependency) => `${service.stack}/${dependency.service}`),
      }
    })

  const judgeServices = (): void => {
    const nodes = new Map(ownNodes().map((node) => [node.id, node]))
    for (const [id, rolled] of rollUp(nodes)) {
      const node = nodes.get(id)
      const before = serviceVerdicts.get(id)
      const verdict: ServiceVerdict = {
        ...withSince(before, rolled, clock.now()),
        root: rolled.root,
        instancesHealthy: node?.instancesHealthy ?? 0,
        instancesWanted: node?.wanted ?? 0,
      }
      serviceVerdicts.set(id, verdict)
      if (sameVerdict(before, verdict)) continue
      if (before?.state === verdict.state && before.reason === verdict.reason) {
        for (const listener of serviceListeners) listener(id)
        continue
      }
      recorder.record((tx) =>
        saveVerdict(tx, id, verdict, {
          change: before?.state !== verdict.state,
          at: verdict.since,
        }),
      )
      if (before?.state !== verdict.state) publishService(id, before?.state ?? 'unknown', verdict)
      for (const listener of serviceListeners) listener(id)
    }
  }

  const publishService = (id: string, from: State, verdict: ServiceVerdict): void => {
    const [stack = '', service = ''] = id.split('/')
    recorder.record((tx) =>
      events.publish(tx, {
        type: 'service.state_changed',
        subject: id,
        at: verdict.since,
        payload: {
          service,
          stack,
          from,
          to: verdict.state,
          reason: verdict.reason,
          ...(verdict.root === null ? {} : { causedBy: verdict.root }),
        },
      }),
    )
  }

  registry.onChange((change) => {
    if (change.kind === 'instance') judge(change.instance)
    if (change.kind === 'service') {
      for (const instance of registry.instancesOf(change.service.id)) judge(instance)
      scheduleRollup()
    }
    if (change.kind === 'instance_removed') {
      instanceVerdicts.delete(change.instance.name)
      recorder.record((tx) => deleteVerdict(tx, change.instance.name))
      scheduleRollup()
    }
    if (change.kind === 'service_removed') {
      serviceVerdicts.delete(change.service.id)
      recorder.record((tx) => deleteVerdict(tx, change.service.id))
      for (const listener of serviceListeners) listener(change.service.id)
      scheduleRollup()
    }
  })

  const every = (periodMs: number, work: () => void): void => {
    const tick = { cancel: () => {} }
    const next = (): void => {
      const timer = clock.setTimer(() => {
        work()
        if (!stopped) next()
      }, periodMs)
      tick.cancel = () => timer.cancel()
    }
    timers.push(tick)
    next()
  }

  return {
    /** The verdicts from before this process; each is judged anew once its instance is seen. */
    async load(): Promise<void> {
      for (const { subject, ...verdict } of await selectVerdicts(db)) {
        if (registry.findInstance(subject) !== undefined)
          instanceVerdicts.set(subject, { ...verdict, failing: false })
        if (registry.findService(subject) === undefined) continue
        const numbers = { root: null, instancesHealthy: 0, instancesWanted: 0 }
        serviceVerdicts.set(subject, { ...verdict, ...numbers })
      }
    },

    start(): void {
      // Silence and leases run out without anything happening: only looking finds it.
      every(sweepMs, () => registry.instances().forEach(judge))
      every(cleanMs, () => {
        const before = new Date(clock.now().getTime() - changesKeptDays * 86_400_000)
        deleteOldChanges(db, before).catch((error: unknown) =>
          log.warn({ err: error }, 'old health changes were not deleted'),
        )
      })
    },

    stop(): void {
      stopped = true
      prober.stop()
      for (const timer of timers) timer.cancel()
      timers = []
    },

    /** Who runs health commands inside instances. */
    useExec(run: ExecProbe): void {
      exec = run
    },

    /** After every change of an instance's state, or of what its own checks say. */
    onInstance(listener: (instance: RegisteredInstance, verdict: InstanceVerdict) => void): void {
      instanceListeners.push(listener)
    },

    /** After every change of a service that people can see. */
    onService(listener: (id: string) => void): void {
      serviceListeners.push(listener)
    },

    instance(name: string): InstanceVerdict | undefined {
      const verdict = instanceVerdicts.get(name)
      if (verdict === undefined) return undefined
      return { ...verdict, latencyMs: prober.recordOf(name)?.latencyMs ?? null }
    },

    service: (id: string): ServiceVerdict | undefined => serviceVerdicts.get(id),

    /** Changes of a service since `from`, and the last one before it; oldest first. */
    history: (id: string, from: Date): Promise<Verdict[]> => selectChanges(db, id, from),
  }
}

/** A restart of ours is no news about a service: its last verdict stands until it is asked. */
const awaitsFirstProbe = (
  instance: RegisteredInstance,
  service: ServiceDeclaration,
  record: ProbeRecord | undefined,
): boolean =>
  // Without a check there is no first one to wait for.
  probeOf(instance, service) !== null &&
  instance.adopted &&
  instance.paused === undefined &&
  instance.phase === 'running' &&
  record === undefined

const withSince = (
  before: Verdict | undefined,
  next: { state: State; reason: string },
  now: Date,
): Verdict => ({
  state: next.state,
  reason: next.reason,
  since: before?.state === next.state ? before.since : now,
})

const sameVerdict = (before: ServiceVerdict | undefined, after: ServiceVerdict): boolean =>
  before?.state === after.state &&
  before.reason === after.reason &&
  before.root === after.root &&
  before.instancesHealthy === after.instancesHealthy &&
  before.instancesWanted === after.instancesWanted
