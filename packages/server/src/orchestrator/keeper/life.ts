import type { ServiceSpec } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import { createHooks, type HookEvent } from './hooks.ts'
import type { InstanceRef, InstanceSpec, ObservedInstance, Runtime } from '../runtime.ts'
import type { InstanceWish } from './wish.ts'

type LifeDeps = {
  id: Omit<InstanceRef, 'incarnation'>
  runtime: Runtime
  clock: Clock
  newId: () => string
  announce: (event: HookEvent) => void
  oncePerEdition: (digest: string, work: () => Promise<void>) => Promise<void>
  /** The start waits for a hook: which, and for how long. */
  onWait: (what: string) => void
  /** A post-start hook of the incarnation that lives now has failed. */
  onHookFailed: (reason: string) => void
}

const stopDefaults = { signal: 'SIGTERM', graceMs: 10_000 }

/**
 * The incarnations of one instance, one after the other: at most one of them lives. A start whose
 * answer is lost may run all the same, so it is cleared away before the next.
 */
export const createLife = (deps: LifeDeps) => {
  const { runtime } = deps
  const { stack, service, name, index } = deps.id
  const hooks = createHooks(deps)
  let observed: ObservedInstance | null = null
  /** Incarnation of a start that failed and may have left something behind. */
  let attempted: string | null = null
  /** Its end, when it was seen before its start had been answered. */
  let endedEarly: ObservedInstance | null = null
  let spec: ServiceSpec | null = null
  /** What lives was started with; of an adopted one, what it is thought to be. */
  let instance: InstanceSpec | null = null

  const refTo = (incarnation: string): InstanceRef => ({ stack, service, name, index, incarnation })
  const end = (incarnation: string, graceMs: number): Promise<void> =>
    runtime.stop(refTo(incarnation), {
      signal: spec?.stopSignal ?? stopDefaults.signal,
      graceMs,
    })
  const grace = (): number => spec?.stopGraceMs ?? stopDefaults.graceMs

  const clearAttempt = async (): Promise<void> => {
    if (attempted === null) return
    await end(attempted, grace())
    await runtime.remove(refTo(attempted))
    attempted = null
  }

  const forget = async (): Promise<void> => {
    if (observed !== null) await runtime.remove(refTo(observed.incarnation))
    observed = null
    instance = null
  }

  const afterStart = async (started: InstanceSpec): Promise<void> => {
    if (started.spec.hooks.postStart.length === 0) return
    const failure = await hooks.postStart(started)
    const lives = observed?.incarnation === started.incarnation && observed.running
    if (failure !== null && lives) deps.onHookFailed(failure)
  }

  return {
    get observed(): ObservedInstance | null {
      return observed
    },
    get spec(): ServiceSpec | null {
      return spec
    },

    /** Throws AppError: what a hook or the runtime refuses. */
    async start(wish: InstanceWish): Promise<ObservedInstance> {
      spec = wish.spec
      endedEarly = null
      const next: InstanceSpec = { ...refTo(deps.newId()), ...wish }
      await hooks.preStart(next)
      attempted = next.incarnation
      const found = await runtime.start(next)
      observed = endedEarly ?? found
      attempted = null
      instance = next
      void afterStart(next)
      return observed
    },

    /** Ends what lives and clears away every trace of it. Idempotent. */
    async stop(): Promise<void> {
      if (observed !== null) {
        const isSame = instance?.incarnation === observed.incarnation
        const graceMs =
          observed.running && isSame && instance !== null
            ? await hooks.preStop(instance, grace())
            : grace()
        await end(observed.incarnation, graceMs)
        await forget()
      }
      await clearAttempt()
    },

    /** Clears away what has ended by itself. */
    async clear(): Promise<void> {
      await forget()
      await clearAttempt()
    },

    /** What was found running, or ended, when Keelson started. */
    adopt(found: ObservedInstance, as: ServiceSpec): void {
      observed = found
      spec = as
    },

    /** What lives is what is wished for: its hooks run with this environment. */
    recognize(wish: InstanceWish): void {
      if (observed === null || observed.digest !== wish.digest) return
      spec = wish.spec
      instance = { ...refTo(observed.incarnation), ...wish }
    },

    /** It has ended, or changed while it runs. False: a late word about an earlier incarnation. */
    sawChange(found: ObservedInstance): boolean {
      if (found.incarnation === attempted && !found.running) endedEarly = found
      if (observed?.incarnation !== found.incarnation) return false
      // One that was taken over does not know what it was taken over as.
      observed = found.running ? { ...found, digest: observed.digest, foreign: false } : found
      return true
    },
  }
}

export type Life = ReturnType<typeof createLife>
