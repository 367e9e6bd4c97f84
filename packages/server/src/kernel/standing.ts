import type { FastifyRequest } from 'fastify'
import type { Actor } from './actor.ts'
import type { Clock } from './clock.ts'
import { AppError } from './errors.ts'
import type { Http } from './http.ts'

/** A timer of Node counts no further than 24.8 days. */
const timerMaxMs = 24 * 3_600_000
/** A right that goes without a word is seen to be gone in less than a second. */
const lookEveryMs = 500

type Standing = {
  http: Pick<Http, 'actorOf' | 'authenticate' | 'onRightsChange'>
  clock: Clock
  request: FastifyRequest
  /** Of who asked, as of now. */
  isAllowed: (actor: Actor) => boolean
  /**
   * For rights on one object: they go with a grant that ends, and with the labels of the object, and
   * nobody tells.
   */
  looksOften?: boolean
  /** Called once, when the session or token has ended, or what is asked for is no longer allowed. */
  end: () => void
}

/** For answers that go on: whoever may no longer ask gets no more of it, in less than a second. */
export const whileAllowed = (standing: Standing): { close(): void } => {
  const { http, clock, request, isAllowed, looksOften = false } = standing
  const asked = http.actorOf(request)
  let closed = false
  const close = (): void => {
    closed = true
    changes.close()
    timer.cancel()
    nextLook.cancel()
  }
  const end = (): void => {
    if (closed) return
    close()
    standing.end()
  }
  const look = async (): Promise<void> => {
    try {
      const now = await http.authenticate(request)
      if (now.kind !== asked.kind || now.id !== asked.id || !isAllowed(now)) end()
    } catch (error) {
      // Without a database nobody knows better; it is looked again with the next change.
      if (!(error instanceof AppError && error.code === 'database_unavailable')) end()
    }
  }
  const changes = http.onRightsChange(() => void look())
  let timer = { cancel: () => {} }
  let nextLook = { cancel: () => {} }
  /** By what is known here of who asked: their session or token is looked at when it changes. */
  const lookAgain = (): void => {
    nextLook = clock.setTimer(() => (isAllowed(asked) ? lookAgain() : end()), lookEveryMs)
  }
  if (looksOften) lookAgain()
  const waitFor = (expiresAt: Date): void => {
    const leftMs = expiresAt.getTime() - clock.now().getTime()
    if (leftMs <= 0) return end()
    timer = clock.setTimer(() => waitFor(expiresAt), Math.min(leftMs, timerMaxMs))
  }
  if (asked.expiresAt !== null) waitFor(asked.expiresAt)
  return { close }
}
