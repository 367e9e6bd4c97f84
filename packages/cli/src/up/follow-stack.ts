import type { Rollout, ServiceSummary, StackSpec } from '@keelson/contract'
import { ProblemError } from '@keelson/sdk'
import type { Context } from '../context.ts'
import { createWakingLoop, followLive, type LiveMessage } from '../live.ts'
import { liveTargetOf, type Platform } from '../platform.ts'
import { createProgress, type FormerLives, type Progress } from '../progress/progress.ts'
import type { Reporter } from '../progress/reporter.ts'
import { count } from '../text.ts'
import { blamedOf, describeNotUp } from './not-up.ts'
import { createPlatformLink, type PlatformLink } from './platform-link.ts'
import { createGathering, createSettling } from './settling.ts'
import { createStartWatch } from './start-watch.ts'
import { describeFailedUpdate, readUpdates } from './updates.ts'

export type FollowOptions = {
  context: Context
  platform: Platform
  reporter: Reporter
  spec: StackSpec
  /** Ends as `unhealthy` after this long; Infinity: never. */
  waitMs: number
  /** What is waited for: that all is healthy (default), or only that all has been started. */
  until?: 'healthy' | 'started'
  /** When this was asked for, by the clock; an update that ended before is another one's. */
  since?: number
  /** Lives that end with what was asked for: theirs are not the endings that count. */
  former?: FormerLives
  /** How long a platform that died may take to come back. */
  lostMaxMs?: number
  signal: AbortSignal
}

// The stream tells at once; this is how late a change is seen when the stream is cut.
const pollMs = 1000

export type StackEnd = 'up' | 'unhealthy' | 'interrupted'

/**
 * Shows a stack on its way up until it is up (or started), cannot come up, or the time is over.
 * Throws when the platform is lost and does not come back.
 */
export const followStack = async (options: FollowOptions): Promise<StackEnd> => {
  const { reporter, spec, waitMs, signal, context, since = Date.now() } = options
  const link = createPlatformLink({ ...options, stack: spec.name })
  const { progress, stop, changed, read } = beginFollowing({ ...options, link })
  const settling = createSettling(spec)
  const gathering = createGathering(progress)
  const starting = createStartWatch(progress, Date.now)
  const outOfTime = AbortSignal.timeout(Math.min(waitMs, 2 ** 31 - 1))
  const patience = setInterval(() => {
    const open = progress.services().filter(({ outcome }) => outcome === 'open')
    if (open.length > 0) reporter.waiting(open.map(({ name }) => name))
  }, patienceMs)
  const look = () => (options.until === 'started' ? verdictOfStart(starting) : progress.verdict())
  /** The updates first and the instances after them: what ended last is told by what came last. */
  const judge = async (): Promise<{ verdict: Verdict; failed?: Rollout | undefined }> => {
    if (link.isLost() || look() === 'open') return { verdict: 'open' }
    const updates = await link.read((platform) => readUpdates({ platform, spec }, since))
    if (updates === undefined || !(await read())) return { verdict: 'open' }
    const verdict = look()
    const { failed, underWay } = updates
    if (verdict === 'up')
      return underWay.size > 0 ? { verdict: 'open', failed } : { verdict, failed }
    const isFinal = blamedOf(progress, options.until).some(({ name }) => !underWay.has(name))
    return { verdict: isFinal ? verdict : 'open' }
  }
  try {
    for (;;) {
      const { verdict, failed } = await judge()
      if (failed !== undefined) {
        reporter.close()
        context.output.alarm(describeFailedUpdate(failed, options))
        return 'unhealthy'
      }
      if (verdict === 'up' && options.until === 'started') {
        reporter.close(describeStarted(progress, spec.name))
        return 'up'
      }
      if (settling.isSettled(verdict === 'up')) {
        reporter.close(describeUp(progress, spec.name))
        return 'up'
      }
      if (signal.aborted) return 'interrupted'
      const fault = link.fault()
      if (fault !== undefined) throw fault
      if (gathering.isComplete(verdict === 'failed') || outOfTime.aborted) {
        await read()
        reporter.close()
        const given = { ...options, platform: link.platform() }
        context.output.alarm(await describeNotUp(progress, given, outOfTime.aborted))
        return 'unhealthy'
      }
      const due = [settling.due(), starting.due(), gathering.due()]
      await changed(AbortSignal.any([signal, outOfTime, ...due]))
    }
  } finally {
    clearInterval(patience)
    await stop()
  }
}

type Verdict = 'open' | 'up' | 'failed'

const verdictOfStart = (starting: ReturnType<typeof createStartWatch>) =>
  ({ open: 'open', started: 'up', ended: 'failed' } as const)[starting.look()]

/** How often a log without rows is told what is still waited for. */
const patienceMs = 15_000

/** Reads services and instances on every wake of the stream, and hands on what changed. */
export const beginFollowing = (
  options: Omit<FollowOptions, 'waitMs' | 'until'> & {
    onRemoved?: () => void
    onLost?: () => void
    /** Follows the platform over its death; without it every fault is told to `onLost`. */
    link?: PlatformLink
  },
) => {
  const { platform, reporter, spec, onRemoved, onLost } = options
  const stack = spec.name
  // A service without instances has nothing to come up.
  const names = spec.services.filter(({ replicas }) => replicas > 0).map(({ name }) => name)
  const progress = createProgress({
    ...{ names, now: Date.now },
    ...(options.former === undefined ? {} : { former: options.former }),
  })
  const ended = new AbortController()
  let news = Promise.withResolvers<void>()
  const announce = () => {
    news.resolve()
    news = Promise.withResolvers()
  }
  const applySummary = (summary: ServiceSummary) => {
    if (summary.stack === stack) progress.applySummary(summary).forEach(reporter.change)
  }
  const readFrom = async (from: Platform): Promise<void> => {
    const { signal } = ended
    // A summary that is told is of no earlier moment than the instances it is about.
    const instances = await from.call('listInstances', { query: { stack }, signal })
    const services = await from.call('listServices', { query: { stack, limit: 1000 }, signal })
    progress.applyInstances(instances).forEach(reporter.change)
    services.items.forEach(applySummary)
  }
  const readWithoutLink = async (): Promise<boolean> => {
    try {
      await readFrom(platform)
      return true
    } catch (error) {
      if (ended.signal.aborted) return false
      if (error instanceof ProblemError && error.problem.status === 404) onRemoved?.()
      else onLost?.()
      return false
    }
  }
  const readOnce = async (): Promise<boolean> => {
    const isRead =
      options.link === undefined
        ? await readWithoutLink()
        : await options.link.read(async (from) => {
            await readFrom(from)
            return true
          })
    announce()
    return isRead === true
  }
  // One after the other: an answer that is older never comes after one that is newer.
  let reading: Promise<unknown> = Promise.resolve()
  const read = (): Promise<boolean> => {
    const next = reading.then(readOnce)
    reading = next
    return next
  }
  const loop = createWakingLoop({
    work: async () => void (await read()),
    intervalMs: pollMs,
    signal: ended.signal,
  })
  const onMessage = ({ topic, data }: LiveMessage) => {
    if (topic === 'services') {
      applySummary(data as ServiceSummary)
      announce()
    } else if (topic === 'stacks' && isRemoval(data, stack)) onRemoved?.()
    loop.wake()
  }
  const target = options.link?.liveTarget ?? liveTargetOf(options.context, platform)
  reporter.watch(progress, stack)
  const running = Promise.all([
    loop.run(),
    followLive({ target, topics: ['services', 'stacks'], signal: ended.signal, onMessage }),
  ])
  return {
    progress,
    /** Reads now; false when there was no answer. */
    read,
    /** Resolves with the next reading or change, or when the signal is aborted. */
    changed: (signal: AbortSignal) => untilAborted(news.promise, signal),
    stop: async () => {
      ended.abort()
      await running
    },
  }
}

const isRemoval = (data: unknown, stack: string): boolean =>
  typeof data === 'object' &&
  data !== null &&
  'stack' in data &&
  data.stack === stack &&
  'removed' in data &&
  data.removed === true

const untilAborted = async (promise: Promise<void>, signal: AbortSignal): Promise<void> => {
  if (signal.aborted) return
  const aborted = Promise.withResolvers<void>()
  const listener = () => aborted.resolve()
  signal.addEventListener('abort', listener, { once: true })
  await Promise.race([promise, aborted.promise])
  signal.removeEventListener('abort', listener)
}

/** `shop is up: 6 services, 1 of them done`. */
export const describeUp = (progress: Progress, stack: string): string => {
  const services = progress.services()
  const done = services.filter(({ outcome }) => outcome === 'done').length
  const jobs = done === 0 ? '' : `, ${done} of them done`
  return `${stack} is up: ${count(services.length, 'service')}${jobs}`
}

/** `shop is started: 6 services; keelson status tells how they are`. */
const describeStarted = (progress: Progress, stack: string): string => {
  const services = progress.services()
  const isHealthy = services.every(({ outcome }) => outcome !== 'open')
  if (isHealthy) return describeUp(progress, stack)
  return `${stack} is started: ${count(services.length, 'service')}; keelson status tells how they are`
}
