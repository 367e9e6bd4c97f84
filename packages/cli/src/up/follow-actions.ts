import type { ActionProgress } from '@keelson/contract'
import { followLive } from '../live.ts'
import type { Platform } from '../platform.ts'
import type { Reporter } from '../progress/reporter.ts'

/** Tells how the actions of a plan get on, from before it is applied: pulls come first. */
export const followActions = ({ url, headers }: Platform, stack: string, reporter: Reporter) => {
  const ended = new AbortController()
  const following = followLive({
    url,
    headers,
    topics: ['actions'],
    signal: ended.signal,
    onMessage: ({ topic, data }) => {
      if (topic === 'actions' && isOf(data, stack)) reporter.action(data)
    },
  })
  return {
    stop: async () => {
      ended.abort()
      await following
    },
  }
}

const isOf = (data: unknown, stack: string): data is ActionProgress =>
  typeof data === 'object' && data !== null && 'stack' in data && data.stack === stack
