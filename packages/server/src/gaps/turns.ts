import { AppError } from '../kernel/errors.ts'

/** Of those who ask, besides the one under way; of audits one waits at the most. */
const waitingMax = 8

export type Turns = ReturnType<typeof createTurns>

/** One child that reads files at a time, whatever it reads them for, in the order they were asked for. */
export const createTurns = (signal: AbortSignal) => {
  let last: Promise<unknown> = Promise.resolve()
  let asking = 0

  const take = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const mine = last.then(() => {
      if (signal.aborted) throw new AppError('platform_unreachable', { message: 'Keelson stops' })
      return work()
    })
    last = mine.catch(() => undefined)
    return mine
  }

  return {
    take,
    /** Throws previews_busy when too many wait. */
    async ask<Result>(work: () => Promise<Result>): Promise<Result> {
      if (asking > waitingMax) {
        const message = `${waitingMax} previews of fixes wait already`
        throw new AppError('previews_busy', { message })
      }
      asking += 1
      try {
        return await take(work)
      } finally {
        asking -= 1
      }
    },
  }
}
