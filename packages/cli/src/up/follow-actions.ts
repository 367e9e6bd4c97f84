import type { ActionProgress, TimelineEntry } from '@keelson/contract'
import { followLive } from '../live.ts'
import type { Context } from '../context.ts'
import { liveTargetOf, type Platform } from '../platform.ts'
import type { Reporter } from '../progress/reporter.ts'

/**
 * Tells how the actions of a plan get on, from before it is applied: pulls come first. And how
 * updates do: their instances serve all the time, so their services have nothing to tell.
 */
export const followActions = (
  context: Context,
  platform: Platform,
  stack: string,
  reporter: Reporter,
) => {
  const ended = new AbortController()
  const failed = new Map<string, ActionProgress>()
  const following = followLive({
    target: liveTargetOf(context, platform),
    topics: ['actions', 'timeline'],
    signal: ended.signal,
    onMessage: ({ topic, data }) => {
      if (topic === 'timeline' && isUpdateOf(data, stack)) reporter.update(data)
      if (topic !== 'actions' || !isOf(data, stack)) return
      reporter.action(data)
      if (data.state === 'failed') failed.set(data.id, data)
      else failed.delete(data.id)
    },
  })
  return {
    /** What failed, as the platform tells it. */
    failed: (): ActionProgress[] => [...failed.values()],
    stop: async () => {
      ended.abort()
      await following
    },
  }
}

const isUpdateOf = (data: unknown, stack: string): data is TimelineEntry =>
  typeof data === 'object' &&
  data !== null &&
  'type' in data &&
  typeof data.type === 'string' &&
  data.type.startsWith('rollout.') &&
  'subject' in data &&
  typeof data.subject === 'string' &&
  data.subject.startsWith(`${stack}/`)

const isOf = (data: unknown, stack: string): data is ActionProgress =>
  typeof data === 'object' && data !== null && 'stack' in data && data.stack === stack
