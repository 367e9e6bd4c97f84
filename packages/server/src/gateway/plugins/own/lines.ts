import type { Clock } from '../../../kernel/clock.ts'
import type { ProxyLog } from '../../proxy/chain/instances.ts'
import { limits } from './limits.ts'

/** What a plugin says, so many lines a second; the rest is dropped, and that is told once. */
export const createLines = (plugin: string, log: ProxyLog, clock: Clock) => {
  let sinceMs = clock.monotonicMs()
  let count = 0
  return (level: 'info' | 'warn' | 'error', facts: object, message: string): void => {
    const nowMs = clock.monotonicMs()
    if (nowMs - sinceMs >= limits.pulseMs) {
      sinceMs = nowMs
      count = 0
    }
    count += 1
    if (count <= limits.lines) log[level]({ plugin, ...facts }, message)
    else if (count === limits.lines + 1)
      log.warn({ plugin }, 'plugin says too much: lines are lost')
  }
}

/** Facts as the plugin gave them; text when they were too long. */
export const factsOf = (text: string): object => {
  try {
    const facts: unknown = JSON.parse(text)
    return { facts }
  } catch {
    return { facts: text }
  }
}
