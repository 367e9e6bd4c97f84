import type { Clock } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { LogStore } from '../logs/log-store.ts'
import type { ObservedInstance, RuntimeLog } from '../runtime.ts'
import type { Finder } from './container-finder.ts'
import { identityOf, label, type ContainerInfo } from './container-labels.ts'
import { isNews, isSame } from './container-news.ts'
import { followContainerLog, type ContainerLog } from './container-logs.ts'
import { createEvidence, type Evidence } from './end-evidence.ts'
import type { Engine } from './engine.ts'
import { followEngineEvents, type ContainerEvent, type EngineEvents } from './engine-events.ts'

/** A container that is followed: its log, and its end. */
export type Supervised = {
  readonly id: string
  info: ContainerInfo
  log: ContainerLog
  evidence: Evidence
  /** Set once it has ended and its output is in the log. */
  ended: ObservedInstance | null
  settling: Promise<void> | null
  /** Resolves with the end. */
  end: PromiseWithResolvers<ObservedInstance>
}

type SupervisionDeps = {
  engine: Engine
  finder: Finder
  logs: LogStore
  clock: Clock
  log: RuntimeLog
  observedOf: (info: ContainerInfo) => Promise<ObservedInstance>
  /** After an end is told: one-off containers go. */
  onSettled: (entry: Supervised) => Promise<void>
}

/** A log driver that does not end its stream must not hold back the exit. */
const drainLimitMs = 10_000
/** Containers, and events of each, that are remembered before they are followed. */
const earlyMax = 256
const earlyEventsMax = 10

/** Follows containers to their ends, and tells each end once, when its output is in the log. */
export const createSupervision = (deps: SupervisionDeps) => {
  const { engine, finder, logs, clock, log } = deps
  const entries = new Map<string, Supervised>()
  const byId = new Map<string, Supervised>()
  const listeners = new Set<(instance: ObservedInstance) => void>()
  /** Of containers that nobody follows yet: one may end before its start is answered. */
  const early = new Map<string, ContainerEvent[]>()
  let events: EngineEvents | null = null
  let closed = false

  const followLog = (info: ContainerInfo): ContainerLog => {
    const ref = identityOf(info)
    const isRunning = async () => (await finder.inspect(info.Id))?.State.Running === true
    const { incarnation } = ref
    const { Tty: tty } = info.Config
    const driver = info.HostConfig.LogConfig?.Type ?? ''
    const writer = logs.writer(ref)
    const { Id: id } = info
    return followContainerLog({ engine, id, incarnation, tty, driver, writer, clock, isRunning })
  }

  /**
   * Follows a started container from now on; the same one again is found by its incarnation.
   * `endOnly` leaves its log alone: it may turn out that nobody adopts it.
   */
  const supervise = (info: ContainerInfo, endOnly = false): Supervised => {
    const { incarnation } = identityOf(info)
    const found = entries.get(incarnation)
    if (found !== undefined) {
      if (found.log === noLog && !endOnly && found.ended === null) found.log = followLog(info)
      return found
    }
    const entry: Supervised = {
      id: info.Id,
      info,
      log: endOnly ? noLog : followLog(info),
      evidence: createEvidence(clock),
      ended: null,
      settling: null,
      end: Promise.withResolvers(),
    }
    entries.set(incarnation, entry)
    byId.set(info.Id, entry)
    for (const event of early.get(info.Id) ?? []) entry.evidence.heard(event)
    early.delete(info.Id)
    events ??= followEngineEvents({ engine, clock, log, onEvent: hear, onDoubt: lookAtAll })
    return entry
  }

  const hear = (event: ContainerEvent): void => {
    const entry = byId.get(event.id)
    if (entry === undefined) return keepEarly(event)
    if (entry.ended !== null) {
      if (event.action === 'start') lookInBackground(entry)
      return
    }
    entry.evidence.heard(event)
    if (lookedAtAfter.has(event.action)) lookInBackground(entry)
  }

  const keepEarly = (event: ContainerEvent): void => {
    const known = early.get(event.id) ?? []
    if (known.length < earlyEventsMax) known.push(event)
    early.set(event.id, known)
    const [oldest] = early.keys()
    if (early.size > earlyMax && oldest !== undefined) early.delete(oldest)
  }

  /** One look at a container; an end it finds is announced, and so is what else has changed. */
  const look = async (entry: Supervised): Promise<void> => {
    const info = await finder.inspect(entry.id)
    if (entry.ended !== null) return startedAgain(entry, info)
    if (info?.State.Running !== true) return settle(entry, info, true)
    if (entry.settling !== null || isSame(entry.info, info)) return
    entry.info = info
    await tell(entry)
  }

  /**
   * Its end was told, and then somebody started it: `docker start`, or the second half of a `docker
   * restart` that took longer than anybody waits. It goes on under its incarnation.
   */
  const startedAgain = async (entry: Supervised, info: ContainerInfo | null): Promise<void> => {
    const isKnown = byId.get(entry.id) === entry
    if (info?.State.Running !== true || isOneOff(info) || !isKnown || entry.ended === null) return
    entry.ended = null
    entry.end = Promise.withResolvers()
    await goOn(entry, info)
    // Whoever ended it before, its next end is another one.
    entry.evidence = createEvidence(clock)
    await tell(entry)
  }

  const tell = async (entry: Supervised): Promise<void> => {
    const observed = await deps.observedOf(entry.info)
    if (closed || entry.ended !== null) return
    for (const listener of listeners) listener(observed)
  }

  const lookInBackground = (entry: Supervised): void => {
    // An engine that does not answer now answers the next look.
    look(entry).catch(() => undefined)
  }

  /** One list tells of all which still run; the others are looked at. */
  const lookAtAll = (): void => {
    const asked = [...entries.values()]
    if (asked.length === 0) return
    void engine
      .call('list containers', (docker) => docker.listContainers())
      .then((running) => {
        const found = new Map(running.map((one) => [one.Id, one]))
        for (const entry of asked) if (isNews(entry, found.get(entry.id))) lookInBackground(entry)
      })
      .catch(() => undefined)
  }

  /** Null: it was removed. Its end is recorded, and told if somebody is to hear of it. */
  const settle = async (
    entry: Supervised,
    info: ContainerInfo | null,
    announce: boolean,
  ): Promise<void> => {
    if (entry.ended !== null) return
    entry.settling ??= settleOnce(entry, info, announce).finally(() => {
      entry.settling = null
    })
    await entry.settling
  }

  const settleOnce = async (entry: Supervised, seen: ContainerInfo | null, announce: boolean) => {
    const verdict = await entry.evidence.verdict(seen, {
      listening: announce && events?.connected === true,
      lookAgain: () => finder.inspect(entry.id).catch(() => null),
    })
    const info = verdict.startedAgain ? await finder.inspect(entry.id) : seen
    if (info?.State.Running === true) return goOn(entry, info)
    const timer = Promise.withResolvers<void>()
    const limit = clock.setTimer(timer.resolve, drainLimitMs)
    await Promise.race([entry.log.ended, timer.promise])
    limit.cancel()
    entry.log.close()
    entry.info = info ?? goneOf(entry, clock.now())
    const observed = await deps.observedOf(entry.info)
    const { outOfMemory, endedOutside } = verdict
    const exit = observed.exit === null ? null : { ...observed.exit, outOfMemory }
    const ended = { ...observed, exit, ...(endedOutside === null ? {} : { endedOutside }) }
    entry.ended = ended
    entry.end.resolve(ended)
    if (announce && !closed) {
      // One turn later: who is just being answered by `start` knows the instance by then.
      setImmediate(() => {
        for (const listener of listeners) listener(ended)
      })
    }
    await deps.onSettled(entry).catch((error: unknown) => {
      log.warn({ container: entry.id, reason: messageOf(error) }, 'cannot be removed')
    })
  }

  /** `docker restart` is no end: the same container goes on. */
  const goOn = async (entry: Supervised, info: ContainerInfo): Promise<void> => {
    entry.log.close()
    await entry.log.ended
    entry.info = info
    entry.evidence = createEvidence(clock, entry.evidence.isExpected)
    entry.log = entry.log === noLog ? noLog : followLog(info)
  }

  return {
    supervise,
    settle,
    look,
    find: (incarnation: string): Supervised | undefined => entries.get(incarnation),

    /** Removed: nothing is heard of it any more. */
    forget(incarnation: string): void {
      const entry = entries.get(incarnation)
      if (entry === undefined) return
      entry.log.close()
      entries.delete(incarnation)
      byId.delete(entry.id)
    },

    watch: (listener: (instance: ObservedInstance) => void): void => void listeners.add(listener),

    async close(): Promise<void> {
      closed = true
      events?.close()
      listeners.clear()
      for (const entry of entries.values()) entry.log.close()
      await Promise.allSettled([...entries.values()].map((entry) => entry.log.ended))
    },
  }
}

const noLog: ContainerLog = { ended: Promise.resolve(), close: () => undefined }

export type Supervision = ReturnType<typeof createSupervision>

/** After these a container is looked at. */
const lookedAtAfter: ReadonlySet<ContainerEvent['action']> = new Set([
  ...(['die', 'destroy', 'pause', 'unpause'] as const),
])

/** What is known of a container that somebody has removed. */
const goneOf = ({ info, evidence }: Supervised, at: Date): ContainerInfo => ({
  ...info,
  State: {
    ...info.State,
    Running: false,
    ExitCode: evidence.exitCode ?? 137,
    FinishedAt: at.toISOString(),
  },
})

/** Runs beside a service and is removed at its end. */
export const isOneOff = ({ Config }: ContainerInfo): boolean =>
  Config.Labels[label.oneOff] === 'True'
