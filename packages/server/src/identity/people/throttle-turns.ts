import { LRUCache } from 'lru-cache'

/** Longer than any wait, so that whoever has to wait for something else as well does not miss it. */
const keptMs = 20 * 60_000
const turnsMax = 50_000

/**
 * When those come to be tried whom the failures of others make wait. A turn once given does not move,
 * lets one attempt in, and is forgotten some time after it came. In memory, bounded: those asked about
 * longest ago go first.
 */
export const createTurns = () => {
  const turns = new LRUCache<string, number>({ max: turnsMax })
  return {
    /** How long until it comes; who has none is given one that comes in `unlessGivenMs`. */
    waitMs(key: string, nowMs: number, unlessGivenMs: number): number {
      const comesMs = turns.get(key)
      if (comesMs !== undefined && nowMs - comesMs <= keptMs) {
        return Math.min(comesMs - nowMs, unlessGivenMs)
      }
      turns.set(key, nowMs + unlessGivenMs)
      return unlessGivenMs
    },

    /** If there is one. Answers with what gives it back. */
    take(key: string): () => void {
      const comesMs = turns.get(key)
      turns.delete(key)
      return () => {
        if (comesMs !== undefined) turns.set(key, comesMs)
      }
    },
  }
}
