import type { HookSpec } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import { AppError, messageOf } from '../../kernel/errors.ts'
import type { HookMoment, InstanceSpec, Runtime } from '../runtime.ts'

export type HookEvent = {
  kind: 'hook'
  hook: 'pre_start' | 'post_start' | 'pre_stop'
  exitCode: number | null
  reason: string
}

type HookDeps = {
  runtime: Runtime
  clock: Clock
  announce: (event: HookEvent) => void
  /** The start waits for this one. */
  onWait: (what: string) => void
  /** Does something once for all instances of an edition, whoever asks first. */
  oncePerEdition: (digest: string, work: () => Promise<void>) => Promise<void>
}

/** Of a service that does not say (`x-keelson.hook_timeout`): long for a hook, short for a person. */
const hookTimeoutMs = 120_000
const names = { preStart: 'pre_start', postStart: 'post_start', preStop: 'pre_stop' } as const

type Limit = { ms: number; by: string }

const limitOf = ({ spec }: InstanceSpec): Limit => ({
  ms: spec.hookTimeoutMs ?? hookTimeoutMs,
  by: 'x-keelson.hook_timeout',
})
const inSeconds = (ms: number): string =>
  `${ms < 10_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`
const titleOf = ({ command }: HookSpec, when: HookMoment): string =>
  `${names[when].replace('_', '-')} hook \`${command.join(' ')}\``

/** The commands of a service around the life of its instances, in their order. */
export const createHooks = (deps: HookDeps) => {
  const { runtime, clock, announce, onWait, oncePerEdition } = deps

  /** What it resolves with, or throws once its time is up; then nobody waits for it any longer. */
  const limited = async (
    limit: Limit,
    work: (until: AbortSignal) => Promise<number | null>,
  ): Promise<number | null> => {
    const late = Promise.withResolvers<never>()
    const over = new AbortController()
    const timer = clock.setTimer(() => {
      late.reject(new Error(`it did not end within ${inSeconds(limit.ms)} (${limit.by})`))
      over.abort()
    }, limit.ms)
    try {
      return await Promise.race([work(over.signal), late.promise])
    } finally {
      timer.cancel()
    }
  }

  /** Runs one; the reason why it failed, or null. */
  const run = async (
    instance: InstanceSpec,
    hook: HookSpec,
    when: HookMoment,
    limit: Limit,
  ): Promise<string | null> => {
    let exitCode: number | null = null
    let reason = ''
    try {
      exitCode = await limited(limit, (until) => runtime.runHook(instance, hook, when, until))
      if (exitCode !== 0) reason = exitCode === null ? 'it was killed' : `exit code ${exitCode}`
    } catch (error) {
      reason = messageOf(error)
    }
    announce({ kind: 'hook', hook: names[when], exitCode, reason })
    return exitCode === 0 ? null : `${titleOf(hook, when)} failed: ${reason}`
  }

  const runAll = async (
    instance: InstanceSpec,
    hooks: readonly HookSpec[],
    when: HookMoment,
  ): Promise<string | null> => {
    const limit = limitOf(instance)
    for (const hook of hooks) {
      if (when === 'preStart')
        onWait(`${titleOf(hook, when)} runs, for ${inSeconds(limit.ms)} at most`)
      const failure = await run(instance, hook, when, limit)
      if (failure !== null) return failure
    }
    return null
  }

  const runOrThrow = async (instance: InstanceSpec, hooks: readonly HookSpec[]): Promise<void> => {
    const failure = await runAll(instance, hooks, 'preStart')
    if (failure !== null) throw new AppError('hook_failed', { message: failure })
  }

  return {
    /** Once for the service, or before each of its instances. Throws AppError('hook_failed'). */
    async preStart(instance: InstanceSpec): Promise<void> {
      const { preStart } = instance.spec.hooks
      const once = preStart.filter(({ perReplica }) => perReplica !== true)
      if (once.length > 0) await oncePerEdition(instance.digest, () => runOrThrow(instance, once))
      const each = preStart.filter(({ perReplica }) => perReplica === true)
      await runOrThrow(instance, each)
    },

    /** The reason why one failed, or null. */
    postStart: (instance: InstanceSpec): Promise<string | null> =>
      runAll(instance, instance.spec.hooks.postStart, 'postStart'),

    /** Within the grace of the stop; what is left of it. */
    async preStop(instance: InstanceSpec, graceMs: number): Promise<number> {
      const endsAtMs = clock.monotonicMs() + graceMs
      const leftMs = (): number => Math.max(0, endsAtMs - clock.monotonicMs())
      for (const hook of instance.spec.hooks.preStop) {
        const limit = { ms: leftMs(), by: 'stop_grace_period' }
        if (limit.ms > 0) await run(instance, hook, 'preStop', limit)
      }
      return leftMs()
    },
  }
}

export type Hooks = ReturnType<typeof createHooks>

/** Who asks for the same work gets the same run of it; one that failed is run again. */
export const createOnce = () => {
  const runs = new Map<string, { digest: string; done: Promise<void> }>()
  return {
    run(service: string, digest: string, work: () => Promise<void>): Promise<void> {
      const known = runs.get(service)
      if (known?.digest === digest) return known.done
      const done = work()
      runs.set(service, { digest, done })
      done.catch(() => {
        if (runs.get(service)?.done === done) runs.delete(service)
      })
      return done
    },
    /** It has been done before this process started. */
    isDone(service: string, digest: string): void {
      runs.set(service, { digest, done: Promise.resolve() })
    },
    forget: (service: string): void => void runs.delete(service),
  }
}
