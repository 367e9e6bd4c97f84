import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { JWTPayload } from 'jose'
import type { Clock } from '../../../kernel/clock.ts'

/** A thousand tokens in use are less than a megabyte. */
const maxKept = 10_000

/**
 * Answers of the provider about opaque tokens, each good for `ttlMs`: a token that is revoked is
 * taken for so long. Requests with the same token wait for one answer; a failure is not kept.
 */
export const createIntrospection = (
  ask: (token: string) => Promise<JWTPayload>,
  { clock, ttlMs }: { clock: Clock; ttlMs: number },
): ((token: string) => Promise<JWTPayload>) => {
  const known = new LRUCache<string, { sinceMs: number; answer: Promise<JWTPayload> }>({
    max: maxKept,
  })
  return (token) => {
    const key = createHash('sha256').update(token).digest('base64')
    const kept = known.get(key)
    if (kept !== undefined && clock.monotonicMs() - kept.sinceMs < ttlMs) return kept.answer
    const answer = ask(token)
    const entry = { sinceMs: clock.monotonicMs(), answer }
    known.set(key, entry)
    answer.catch(() => known.get(key) === entry && known.delete(key))
    return answer
  }
}

/** A JWT can be held against keys; nothing else can. */
export const isOpaque = (token: string): boolean => token.split('.').length !== 3
