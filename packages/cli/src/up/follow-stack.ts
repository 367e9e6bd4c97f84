import { ProblemError, type ServiceSummary, type StackSpec } from '@keelson/contract'
import type { Context } from '../context.ts'
import { createWakingLoop, followLive, type LiveMessage } from '../live.ts'
import type { Platform } from '../platform.ts'
import { createProgress, type Progress } from '../progress/progress.ts'
import type { Reporter } from '../progress/reporter.ts'
import { count } from '../text.ts'
import { describeNotUp } from './not-up.ts'
import { createStartWatch, settleMs } from './start-watch.ts'
import { describeFailedUpdate, noUpdates, readUpdates } from './updates.ts'

export type FollowOptions = {
  context: Context
  platform: Platform
  reporter: Reporter
  spec: StackSpec
  /** Ends as `unhealthy` after this long; Infinity: never. */
  waitMs: number
  /** What is waited for: that all is healthy (default), or only that all has been started. */
  until?: 'healthy' | 'started'
  signal: AbortSignal
}

// The stream tells at once; this is how late a change is seen when the stream is cut.
const pollMs = 1000

export type StackEnd = 'up' | 'unhealthy' | 'interrupted'

/** Shows a stack on its way up until it is up (or started), cannot come up, or the time is over. */
export const followStack = async (options: FollowOptions): Promise<StackEnd> => {
  const { reporter, spec, waitMs, signal, context } = options
  const { progress, stop, changed } = beginFollowing(options)
  const settling = createSettling(spec)
  const starting = createStartWatch(progress, Date.now)
  const startedAt = Date.now()
  const outOfTime = AbortSignal.timeout(Math.min(waitMs, 2 ** 31 - 1))
  const patience = setInterval(() => {
    const open = progress.services().filter(({ outcome }) => outcome === 'open')
    if (open.length > 0) reporter.waiting(open.map(({ name }) => name))
  }, patienceMs)
  try {
    for (;;) {
      const verdict = options.until === 'started' ? verdictOfStart(starting) : progress.verdict()
      const updates = verdict === 'up' ? await readUpdates(options, startedAt) : noUpdates
      if (updates.failed !== undefined) {
        reporter.close()
        context.output.alarm(describeFailedUpdate(updates.failed, options))
        return 'unhealthy'
      }
      if (verdict === 'up' && updates.isDone && options.until === 'started') {
        reporter.close(describeStarted(progress, spec.name))
        return 'up'
      }
      if (settling.isSettled(verdict === 'up' && updates.isDone)) {
        reporter.close(describeUp(progress, spec.name))
        return 'up'
      }
      if (signal.aborted) return 'interrupted'
      if (verdict === 'failed' || outOfTime.aborted) {
        reporter.close()
        context.output.alarm(await describeNotUp(progress, options, outOfTime.aborted))
        return 'unhealthy'
      }
      await changed(AbortSignal.any([signal, outOfTime, settling.due(), starting.due()]))
    }
  } finally {
    clearInterval(patience)
    await stop()
  }
}

const verdictOfStart = (starting: ReturnType<typeof createStartWatch>) =>
  ({ open: 'open', started: 'up', ended: 'failed' } as const)[starting.look()]

/** How often a log without rows is told what is still waited for. */
const patienceMs = 15_000

/**
 * A service that nobody probes is healthy as soon as it runs, also one that ends a moment later
 * because its settings are wrong. A stack with such a service has to stay up for a second.
 */
const createSettling = ({ services }: StackSpec) => {
  const isProbed = services.every(({ probe }) => probe !== null)
  const never = new AbortController().signal
  let upSince: number | undefined
  return {
    isSettled: (isUp: boolean): boolean => {
      upSince = isUp ? (upSince ?? Date.now()) : undefined
      return isUp && (isProbed || Date.now() - (upSince ?? 0) >= settleMs)
    },
    /** Aborted when it is time to look again. */
    due: (): AbortSignal => (upSince === undefined ? never : AbortSignal.timeout(settleMs)),
  }
}

/** Reads services and instances on every wake of the stream, and hands on what changed. */
export const beginFollowing = (
  options: Omit<FollowOptions, 'waitMs' | 'until'> & {
    onRemoved?: () => void
    onLost?: () => void
  },
) => {
  const { platform, reporter, spec, onRemoved, onLost } = options
  const stack = spec.name
  // A service without instances has nothing to come up.
  const names = spec.services.filter(({ replicas }) => replicas > 0).map(({ name }) => name)
  const progress = createProgress({ names, now: Date.now })
  const ended = new AbortController()
  let news = Promise.withResolvers<void>()
  const announce = () => {
    news.resolve()
    news = Promise.withResolvers()
  }
  const applySummary = (summary: ServiceSummary) => {
    if (summary.stack === stack) progress.applySummary(summary).forEach(reporter.change)
  }
  const read = async () => {
    const query = { stack }
    const { signal } = ended
    try {
      const [services, instances] = await Promise.all([
        platform.call('listServices', { query: { ...query, limit: 1000 }, signal }),
        platform.call('listInstances', { query, signal }),
      ])
      services.items.forEach(applySummary)
      progress.applyInstances(instances).forEach(reporter.change)
    } catch (error) {
      if (ended.signal.aborted) return
      if (error instanceof ProblemError && error.problem.status === 404) onRemoved?.()
      else onLost?.()
    }
    announce()
  }
  const loop = createWakingLoop({ work: read, intervalMs: pollMs, signal: ended.signal })
  const onMessage = ({ topic, data }: LiveMessage) => {
    if (topic === 'services') {
      applySummary(data as ServiceSummary)
      announce()
    } else if (topic === 'stacks' && isRemoval(data, stack)) onRemoved?.()
    loop.wake()
  }
  const { url, headers } = platform
  reporter.watch(progress, stack)
  const running = Promise.all([
    loop.run(),
    followLive({ url, headers, topics: ['services', 'stacks'], signal: ended.signal, onMessage }),
  ])
  return {
    progress,
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
