// A cache in Redis: fresh answers at once, stale ones while one of us makes a new one, and nobody
// makes what another is making already. Without Redis the last answers of this process serve, and
// what it never answered is made without a cache.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

const lockMs = 10_000
const waitStepMs = 50
const waitMaxMs = 3000
const ownMax = 200
/** Unlocks only what is locked by the same: by then the lock may be somebody else's. */
const unlock = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`

/**
 * @param {object} options
 * @param {ReturnType<import('../../shared/redis.mjs').openRedis>} options.redis
 * @param {(outcome: 'fresh' | 'stale' | 'made' | 'waited' | 'fallback') => void} options.onAnswer
 */
export const createCache = ({ redis, onAnswer }) => {
  const own = new Map()
  const remember = (key, value) => {
    own.delete(key)
    own.set(key, value)
    if (own.size > ownMax) own.delete(own.keys().next().value)
    return value
  }

  const read = async (key) => {
    const text = await redis.command('GET', `cache:${key}`)
    return text === null ? undefined : JSON.parse(text)
  }

  const write = async (key, value, { freshMs, staleMs, tags }) => {
    const entry = JSON.stringify({ value, freshUntil: Date.now() + freshMs })
    await redis.pipeline([
      ['SET', `cache:${key}`, entry, 'PX', freshMs + staleMs],
      ...tags.flatMap((tag) => [
        ['SADD', `cache-tag:${tag}`, key],
        ['PEXPIRE', `cache-tag:${tag}`, freshMs + staleMs + lockMs],
      ]),
    ])
  }

  /** Makes the value under a lock; undefined when another one holds it. */
  const makeAlone = async (key, make, life) => {
    const holder = randomUUID()
    const lock = `cache-lock:${key}`
    if ((await redis.command('SET', lock, holder, 'NX', 'PX', lockMs)) === null) return undefined
    try {
      const value = await make()
      await write(key, value, life)
      return { value }
    } finally {
      await redis.command('EVAL', unlock, 1, lock, holder).catch(() => {})
    }
  }

  const waitForOther = async (key) => {
    const end = performance.now() + waitMaxMs
    while (performance.now() < end) {
      await sleep(waitStepMs)
      const entry = await read(key)
      if (entry !== undefined) return entry
    }
    return undefined
  }

  const answer = async (key, make, life) => {
    const entry = await read(key)
    if (entry !== undefined && entry.freshUntil > Date.now()) return ['fresh', entry.value]
    if (entry !== undefined) {
      void makeAlone(key, make, life).catch(() => {})
      return ['stale', entry.value]
    }
    const made = await makeAlone(key, make, life)
    if (made !== undefined) return ['made', made.value]
    const waited = await waitForOther(key)
    return waited === undefined ? ['made', await make()] : ['waited', waited.value]
  }

  return {
    /**
     * @param {string} key
     * @param {() => Promise<unknown>} make
     * @param {{ freshMs: number, staleMs: number, tags: readonly string[] }} life
     */
    get: async (key, make, life) => {
      let fault
      const watched = () =>
        make().catch((error) => {
          fault = error
          throw error
        })
      try {
        const [outcome, value] = await answer(key, watched, life)
        onAnswer(outcome)
        return remember(key, value)
      } catch (error) {
        if (!own.has(key) && fault !== undefined) throw error
        onAnswer('fallback')
        return own.has(key) ? own.get(key) : remember(key, await make())
      }
    },
    /** Forgets every answer that has the tag. */
    purge: (tag) => purgeTag(redis, tag),
  }
}

/** @returns {Promise<number>} how many answers were forgotten */
export const purgeTag = async (redis, tag) => {
  const keys = await redis.command('SMEMBERS', `cache-tag:${tag}`)
  if (keys.length === 0) return 0
  const [count] = await redis.pipeline([
    ['DEL', ...keys.map((key) => `cache:${key}`)],
    ['DEL', `cache-tag:${tag}`],
  ])
  return count
}
