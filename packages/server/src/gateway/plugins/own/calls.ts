import type { Clock, Timer } from '../../../kernel/clock.ts'
import { limits } from './limits.ts'
import type { Changes } from './messages.ts'

type Call = {
  resolve: (changes: Changes | null) => void
  reject: (reason: Error) => void
  timer: Timer
}

/** Hooks that a plugin was asked to run, each until its answer, its time limit, or the plugin's end. */
export const createCalls = (clock: Clock) => {
  const calls = new Map<number, Call>()
  let last = 0

  const settle = (id: number, how: (call: Call) => void): void => {
    const call = calls.get(id)
    // It was answered after its time.
    if (call === undefined) return
    calls.delete(id)
    call.timer.cancel()
    how(call)
  }

  return {
    /** `send` says whether the message went out. Rejects with the reason. */
    begin: (send: (id: number) => boolean, limitMs: number): Promise<Changes | null> => {
      if (calls.size >= limits.calls) return Promise.reject(new Error('too many calls wait for it'))
      last += 1
      const id = last
      if (!send(id)) return Promise.reject(new Error('it does not keep up'))
      return new Promise((resolve, reject) => {
        const fail = (call: Call): void => call.reject(new Error(`no answer within ${limitMs} ms`))
        // If this process had no time, the answer has come and was not read yet: it is read first.
        const late = (): void => void setImmediate(() => settle(id, fail))
        calls.set(id, { resolve, reject, timer: clock.setTimer(late, limitMs) })
      })
    },
    done: (id: number, changes: Changes | null): void =>
      settle(id, (call) => call.resolve(changes)),
    failed: (id: number, reason: string): void =>
      settle(id, (call) => call.reject(new Error(reason))),
    failAll: (reason: string): void => {
      for (const id of calls.keys()) settle(id, (call) => call.reject(new Error(reason)))
    },
  }
}
