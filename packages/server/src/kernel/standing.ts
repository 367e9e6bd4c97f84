import type { FastifyRequest } from 'fastify'
import type { Actor } from './actor.ts'
import type { Clock } from './clock.ts'
import { AppError } from './errors.ts'
import type { Http } from './http.ts'

/** A timer of Node counts no further than 24.8 days. */
const timerMaxMs = 24 * 3_600_000

type Standing = {
  http: Pick<Http, 'actorOf' | 'authenticate' | 'onRightsChange'>
  clock: Clock
  request: FastifyRequest
  /** Of who asked, as of now. */
  isAllowed: (actor: Actor) => boolean
  /** Called once, when the session or token has ended, or what is asked for is no longer allowed. */
  end: () => void
}

/** For answers that go on: whoever may no longer ask gets no more of it, in less than a second. */
export const whileAllowed = (standing: Standing): { close(): void } => {
  const { http, clock, request, isAllowed } = standing
  const asked = http.actorOf(request)
  let closed = false
  const close = (): void => {
    closed = true
    changes.close()
    timer.cancel()
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
  const waitFor = (expiresAt: Date): void => {
    const leftMs = expiresAt.getTime() - clock.now().getTime()
    if (leftMs <= 0) return end()
    timer = clock.setTimer(() => waitFor(expiresAt), Math.min(leftMs, timerMaxMs))
  }
  if (asked.expiresAt !== null) waitFor(asked.expiresAt)
  return { close }
}
