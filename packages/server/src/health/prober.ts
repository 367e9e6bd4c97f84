import type { ProbeSpec } from '@keelson/contract'
import type { Clock, Timer } from '../kernel/clock.ts'
import {
  probeOf,
  type RegisteredInstance,
  type Registry,
  type ServiceDeclaration,
} from '../registry/index.ts'
import { runProbe, type ExecProbe, type ProbeResult } from './probe.ts'
import type { ProbeRecord } from './verdict.ts'

/**
 * Asks every running instance by its own clock. One slow instance delays nobody: each has one
 * probe under way at most, and at most `concurrencyMax` run at once; the others wait their turn.
 */
const concurrencyMax = 64

type Watch = {
  instance: RegisteredInstance
  probe: ProbeSpec
  startedAtMs: number
  record: ProbeRecord | undefined
  /** When a failure last counted, or the start period ended, or a check last succeeded. */
  countedAtMs: number
  timer: Timer
  stopped: boolean
}

type ProberDeps = {
  registry: Registry
  clock: Clock
  exec: ExecProbe
  /** After every probe that ended. */
  onRecord: (instance: string) => void
}

export const createProber = ({ registry, clock, exec, onRecord }: ProberDeps) => {
  const watches = new Map<string, Watch>()
  const waiting: (() => void)[] = []
  let running = 0

  const turn = async (): Promise<void> => {
    if (running < concurrencyMax) running += 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
  }
  /** Hands its turn on, so that nobody can come in between. */
  const done = (): void => {
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }

  const plan = (watch: Watch, delayMs: number): void => {
    watch.timer = clock.setTimer(() => void ask(watch), delayMs)
  }

  const ask = async (watch: Watch): Promise<void> => {
    await turn()
    const result = watch.stopped
      ? undefined
      : await runProbe(
          watch.probe,
          { instance: watch.instance.name, ports: watch.instance.ports },
          exec,
        )
    done()
    if (result === undefined || watch.stopped) return
    watch.record = nextRecord(watch, result, clock)
    onRecord(watch.instance.name)
    if (!watch.stopped) plan(watch, delayOf(watch, clock))
  }

  const stop = (name: string): void => {
    const watch = watches.get(name)
    if (watch === undefined) return
    watch.stopped = true
    watch.timer.cancel()
    watches.delete(name)
  }

  const start = (
    instance: RegisteredInstance,
    probe: ProbeSpec,
    record: ProbeRecord | undefined,
  ): void => {
    stop(instance.name)
    const startedAtMs = (instance.startedAt ?? clock.now()).getTime()
    const watch: Watch = {
      instance,
      probe,
      startedAtMs,
      countedAtMs: startedAtMs + probe.startPeriodMs,
      record,
      timer: { cancel: () => {} },
      stopped: false,
    }
    watches.set(instance.name, watch)
    plan(watch, Math.random() * firstDelayMaxMs)
  }

  const follow = (instance: RegisteredInstance, service: ServiceDeclaration): void => {
    const probe = probeOf(instance, service)
    const isAsked = instance.phase === 'running' && instance.paused === undefined
    if (!isAsked || probe === null) return stop(instance.name)
    const watch = watches.get(instance.name)
    const same = watch !== undefined && sameRun(watch.instance, instance)
    if (same && JSON.stringify(watch.probe) === JSON.stringify(probe)) {
      watch.instance = instance
      return
    }
    // Asked in another way from now on; what it said so far holds until it is.
    start(instance, probe, same ? watch.record : undefined)
  }

  registry.onChange((change) => {
    if (change.kind === 'instance') {
      const service = registry.findService(change.instance.serviceId)
      if (service !== undefined) follow(change.instance, service)
    }
    if (change.kind === 'instance_removed') stop(change.instance.name)
    if (change.kind === 'service') {
      for (const instance of registry.instancesOf(change.service.id))
        follow(instance, change.service)
    }
  })

  return {
    recordOf: (instance: string): ProbeRecord | undefined => watches.get(instance)?.record,
    stop(): void {
      for (const name of watches.keys()) stop(name)
    },
  }
}

// Spreads the first checks of a stack that starts at once, without a person noticing.
const firstDelayMaxMs = 50
/** An interval of 0 is legal in a file, and no reason to do nothing else. */
const delayMinMs = 100

const sameRun = (before: RegisteredInstance, instance: RegisteredInstance): boolean =>
  before.startedAt?.getTime() === instance.startedAt?.getTime() &&
  before.pid === instance.pid &&
  before.containerId === instance.containerId

/**
 * The rule of the Compose Specification: failures within `start_period` do not count, `retries`
 * failures, an interval apart, make it unhealthy, and one success heals. Between them a starting
 * instance is asked more often (see delayOf); those extra failures do not count.
 */
const nextRecord = (watch: Watch, result: ProbeResult, clock: Clock): ProbeRecord => {
  const before = watch.record
  const lastAt = clock.now()
  if (result.ok) {
    watch.countedAtMs = lastAt.getTime()
    const { latencyMs } = result
    return { failures: 0, succeeded: true, failing: false, lastReason: '', lastAt, latencyMs }
  }
  const succeeded = before?.succeeded ?? false
  const counts = succeeded || lastAt.getTime() - watch.countedAtMs >= watch.probe.intervalMs
  if (counts) watch.countedAtMs = lastAt.getTime()
  const failures = (before?.failures ?? 0) + (counts ? 1 : 0)
  return {
    failures,
    succeeded,
    failing: failures >= watch.probe.retries,
    lastReason: result.reason,
    lastAt,
    latencyMs: before?.latencyMs ?? null,
  }
}

/**
 * A starting instance is asked soon and then ever less often, up to its own interval: with
 * Compose's default of 30 s, a service that is ready after one second would be waited for 29 more.
 */
const delayOf = (watch: Watch, clock: Clock): number => {
  const { probe, record } = watch
  if (record?.succeeded === true || record?.failing === true) {
    return Math.max(delayMinMs, probe.intervalMs)
  }
  const ageMs = clock.now().getTime() - watch.startedAtMs
  const soonMs = Math.max(probe.kind === 'exec' ? 500 : 100, ageMs / 5)
  return Math.max(delayMinMs, Math.min(soonMs, probe.startIntervalMs, probe.intervalMs))
}
