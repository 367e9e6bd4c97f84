import { ProblemError } from '@keelson/sdk'
import type { Context } from '../context.ts'
import { CommandError, isConnectionLost, tableError } from '../failure.ts'
import { isAlive } from '../platform-file.ts'
import { findReady, liveTargetOf, type Platform } from '../platform.ts'
import type { Reporter } from '../progress/reporter.ts'

type LinkOptions = {
  context: Context
  platform: Platform
  reporter: Pick<Reporter, 'warn' | 'note'>
  stack: string
  /** How long a platform that died may take to come back. */
  lostMaxMs?: number
  now?: () => number
}

type Loss = { since: number; kind: 'away' | 'stopped' | 'removed'; isTold: boolean }

/** Its watchdog tries again after at most 30 s, and a start after a crash may adopt hundreds. */
const lostMaxMs = 90_000
/** What was stopped or removed stays so; a start anew is through with its first steps by then. */
const endedMaxMs = 5000

export type PlatformLink = ReturnType<typeof createPlatformLink>

/**
 * The platform a command talks to, over its death: a watchdog starts it again, maybe at another
 * address. What was known before a loss says nothing about now, so that only a reading after it
 * counts.
 */
export const createPlatformLink = (options: LinkOptions) => {
  const { context, reporter, stack, now = Date.now } = options
  const maxMs = options.lostMaxMs ?? lostMaxMs
  let platform = options.platform
  let loss: Loss | undefined
  let refusal: Error | undefined
  const findTarget = liveTargetOf(context, options.platform)

  const lose = (kind: Loss['kind']): void => {
    if (loss?.kind !== kind) {
      loss = { since: loss?.since ?? now(), kind, isTold: loss?.isTold ?? false }
    }
  }

  const find = async (): Promise<Platform | undefined> => {
    const found = await findReady(context)
    if (typeof found === 'object') {
      platform = found
      return found
    }
    lose(found === 'absent' ? 'stopped' : 'away')
    if (loss?.kind === 'away' && !loss.isTold) {
      loss.isTold = true
      reporter.warn('Keelson does not answer; its watchdog starts it again')
    }
    return undefined
  }

  return {
    platform: (): Platform => platform,
    isLost: (): boolean => loss !== undefined,

    /** Where a stream may connect now: nowhere while the platform is lost. */
    liveTarget: async (): Promise<Platform | undefined> => {
      if (loss !== undefined) return undefined
      const found = await findTarget()
      // A reading may have lost it meanwhile.
      return loss === undefined ? found : undefined
    },

    /** One reading; undefined when it failed, and then the next one looks where the platform is. */
    async read<T>(work: (platform: Platform) => Promise<T>): Promise<T | undefined> {
      // The port of a process that is gone may be another program's, which must not get the token.
      const isKnown = loss === undefined && (platform.pid === null || isAlive(platform.pid))
      const asked = isKnown ? platform : await find()
      if (asked === undefined) return undefined
      try {
        const value = await work(asked)
        if (loss?.isTold === true) reporter.note('Keelson is back')
        loss = undefined
        return value
      } catch (error) {
        const kind = lossOf(error)
        if (kind === undefined)
          refusal ??= error instanceof Error ? error : new Error(String(error))
        lose(kind ?? 'away')
        return undefined
      }
    },

    /** Why there is no use in waiting longer: a refusal at once, a loss after its time. */
    fault(): Error | undefined {
      if (refusal !== undefined) return refusal
      if (loss === undefined) return undefined
      const { kind, since } = loss
      if (now() - since < (kind === 'away' ? maxMs : Math.min(maxMs, endedMaxMs))) return undefined
      if (kind === 'removed') {
        return tableError('stack_not_found', `${stack} was taken down by somebody else`)
      }
      return tableError(
        'platform_unreachable',
        kind === 'stopped'
          ? `Keelson was stopped by another command, so ${stack} is not up`
          : `Keelson has not answered for ${Math.round((now() - since) / 1000)} s; whether ${stack} is up is not known`,
      )
    },
  }
}

/** Undefined for what waiting does not heal: a refusal, or a fault of our own. */
const lossOf = (error: unknown): Loss['kind'] | undefined => {
  if (error instanceof ProblemError) {
    const { status } = error.problem
    return status === 404 ? 'removed' : status >= 500 ? 'away' : undefined
  }
  if (error instanceof CommandError) {
    return error.code === 'platform_unreachable' ? 'away' : undefined
  }
  return isConnectionLost(error) || isCutShort(error) ? 'away' : undefined
}

/** By the deadline while the body was read, or because nobody waits for it any more. */
const isCutShort = (error: unknown): boolean =>
  error instanceof DOMException && (error.name === 'AbortError' || error.name === 'TimeoutError')
