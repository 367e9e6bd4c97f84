import { AppError } from '../../kernel/errors.ts'

/** At once: 92 MiB and two cores. */
const runningMax = 2
/** Of strangers: what they try leaves a core for everybody else, and a place for who is known. */
const strangersMax = 1
/** Of each kind. */
const waitingMax = 64

/** Who is known has proved it before: by a device, a session or a link. */
export type Asker = 'known' | 'stranger'

/**
 * Hashing a password is work on purpose, so that it is done in turns: those who are known come before
 * strangers, whose attempts may be an attack and never fill both places.
 */
export const createTurns = () => {
  const waiting: Record<Asker, (() => void)[]> = { known: [], stranger: [] }
  const running: Record<Asker, number> = { known: 0, stranger: 0 }

  const hasPlace = (asker: Asker): boolean =>
    running.known + running.stranger < runningMax &&
    (asker === 'known' || running.stranger < strangersMax)

  /** Whoever is called takes the place before anybody else can. */
  const callNext = (): void => {
    const asker = (['known', 'stranger'] as const).find(
      (one) => waiting[one].length > 0 && hasPlace(one),
    )
    if (asker === undefined) return
    running[asker] += 1
    waiting[asker].shift()?.()
  }

  /** Throws AppError `sign_in_busy`. */
  return async <T>(asker: Asker, work: () => Promise<T>): Promise<T> => {
    if (hasPlace(asker)) running[asker] += 1
    else {
      if (waiting[asker].length >= waitingMax) throw new AppError('sign_in_busy')
      await new Promise<void>((resolve) => waiting[asker].push(resolve))
    }
    try {
      return await work()
    } finally {
      running[asker] -= 1
      callNext()
    }
  }
}
