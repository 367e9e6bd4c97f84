import type { Clock } from '../../kernel/clock.ts'
import type { ObservedInstance } from '../runtime.ts'
import type { ContainerInfo } from './container-labels.ts'
import type { ContainerEvent } from './engine-events.ts'

/**
 * What was heard of a container on its way to its end: the state the engine tells afterwards does
 * not hold who ended it, and its flag for "out of memory" is set some time after the exit.
 */
export type Evidence = {
  heard(event: ContainerEvent): void
  /** Keelson ends it: whatever is heard from now on is its own doing. */
  expectEnd(): void
  readonly isExpected: boolean
  /** The exit code of the last `die`, for a container that is gone. */
  readonly exitCode: number | null
  /** Waits for what is still to be heard, a moment at most. Null: the container is gone. */
  verdict(
    info: ContainerInfo | null,
    options: { listening: boolean; lookAgain: () => Promise<ContainerInfo | null> },
  ): Promise<Verdict>
}

export type Verdict = {
  outOfMemory: boolean
  endedOutside: NonNullable<ObservedInstance['endedOutside']> | null
  /** It was started once more, as `docker restart` does. */
  startedAgain: boolean
}

/** The engine tells the events of one end within some milliseconds, a loaded one in a few more. */
const patienceMs = 400
/** `docker restart` starts again so soon after it has stopped; beyond that it counts as a stop. */
const restartMs = 500
const sigkill = 9
/** Signals that are meant to end: SIGINT, SIGQUIT, SIGKILL, SIGTERM. */
const ending = new Set([2, 3, sigkill, 15])

export const createEvidence = (clock: Clock, isExpected = false): Evidence => {
  const signals: number[] = []
  const actions = new Set<ContainerEvent['action']>()
  const waiting = new Set<() => void>()
  let expected = isExpected
  let startedAgain = false
  let exitCode: number | null = null

  const wait = async (isEnough: () => boolean, limitMs = patienceMs): Promise<void> => {
    if (isEnough()) return
    const done = Promise.withResolvers<void>()
    const check = (): void => {
      if (isEnough()) done.resolve()
    }
    waiting.add(check)
    const timer = clock.setTimer(done.resolve, limitMs)
    await done.promise
    timer.cancel()
    waiting.delete(check)
  }

  const outsideOf = async (info: ContainerInfo | null): Promise<Verdict['endedOutside']> => {
    if (expected) return null
    if (info === null || ['removing', 'dead'].includes(info.State.Status)) return 'removed'
    const last = signals.at(-1)
    if (last === undefined) return null
    // `docker stop` always begins with a milder signal, and ends with an event of its own.
    if (signals.some((signal) => signal !== sigkill)) {
      await wait(() => actions.has('stop') || actions.has('destroy'))
    }
    if (actions.has('destroy')) return 'removed'
    if (actions.has('stop')) {
      await wait(() => startedAgain, restartMs)
      return 'stopped'
    }
    // A SIGHUP of long ago, sent to make it read its settings again, ended nothing.
    return ending.has(last) || info.State.ExitCode === 128 + last ? 'killed' : null
  }

  return {
    get exitCode() {
      return exitCode
    },

    get isExpected() {
      return expected
    },

    heard: ({ action, signal, exitCode: code }) => {
      if (action === 'start') startedAgain = actions.has('die')
      actions.add(action)
      if (action === 'kill' && signal !== null && !expected) {
        signals.push(signal)
        if (signals.length > 10) signals.shift()
      }
      if (action === 'die') exitCode = code
      for (const check of waiting) check()
    },

    expectEnd: () => {
      expected = true
    },

    verdict: async (info, { listening, lookAgain }) => {
      if (listening) await wait(() => actions.has('die'))
      const endedOutside = await outsideOf(info)
      const code = exitCode ?? info?.State.ExitCode
      const limited = (info?.HostConfig.Memory ?? 0) > 0
      const suspicious = code === 128 + sigkill && limited && endedOutside === null && !expected
      let told = actions.has('oom') || info?.State.OOMKilled === true
      if (suspicious && !told) {
        await wait(() => actions.has('oom'))
        // An engine that is not heard yet, or late with its event, has set its flag by now.
        told = actions.has('oom') || (await lookAgain())?.State.OOMKilled === true
      }
      return { outOfMemory: told && code !== 0, endedOutside, startedAgain }
    },
  }
}
