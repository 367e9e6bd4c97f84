// Jobs in Redis: a list of those that wait, one of those in work, and those that are to be tried later.
import { randomUUID } from 'node:crypto'
import { faultOf, readSchema } from './schema.mjs'

const jobSchema = readSchema(new URL('../schemas/job.schema.json', import.meta.url))
const keptSeconds = 7 * 86_400
const leaseMs = 60_000
const waitSeconds = 2
const triesMax = 4

/** A message that does not fit its schema; trying again changes nothing. */
export class BadMessage extends Error {}

const checked = (job) => {
  const fault = faultOf(job, jobSchema, 'job')
  if (fault !== undefined) throw new BadMessage(fault)
  return job
}

/** @param {ReturnType<import('../../shared/redis.mjs').openRedis>} redis */
export const createJobs = (redis) => {
  const tell = (id, ...fields) => redis.command('HSET', `job:${id}`, 'at', Date.now(), ...fields)

  return {
    /** Writes the job down and queues it; throws BadMessage. */
    add: async (kind, detail) => {
      const job = checked({ version: 1, id: randomUUID(), kind, ...detail })
      await redis.pipeline([
        ['HSET', `job:${job.id}`, 'message', JSON.stringify(job), 'state', 'waiting', 'tries', 0],
        ['EXPIRE', `job:${job.id}`, keptSeconds],
        ['LPUSH', 'jobs', job.id],
      ])
      return job
    },
    find: async (id) => {
      const fields = ['state', 'tries', 'documents', 'fault']
      const [state, tries, documents, fault] = await redis.command('HMGET', `job:${id}`, ...fields)
      if (state === null) return undefined
      return { id, state, tries: Number(tries), documents: Number(documents ?? 0), fault }
    },
    /**
     * The next job, ours for a minute; undefined when none came in two seconds. `blocking` is a
     * client of its own.
     */
    take: async (blocking) => {
      const id = await blocking.command(
        'BLMOVE',
        'jobs',
        'jobs:working',
        'RIGHT',
        'LEFT',
        waitSeconds,
      )
      if (id === null) return undefined
      const [tries] = await redis.pipeline([
        ['HINCRBY', `job:${id}`, 'tries', 1],
        ['HSET', `job:${id}`, 'state', 'working', 'leasedUntil', Date.now() + leaseMs],
      ])
      const text = await redis.command('HGET', `job:${id}`, 'message')
      if (text === null) {
        await redis.command('LREM', 'jobs:working', 0, id)
        return undefined
      }
      return { id, tries, job: JSON.parse(text) }
    },
    /** Throws BadMessage: what comes out of the queue is checked as what goes in. */
    check: checked,
    done: async (id, documents) => {
      await tell(id, 'state', 'done', 'documents', documents, 'fault', '')
      await redis.command('LREM', 'jobs:working', 0, id)
    },
    /** Later again, after 1, 4 and 9 seconds; after that, or when it cannot help, never. */
    failed: async ({ id, tries }, error) => {
      const isOver = tries >= triesMax || error instanceof BadMessage
      await tell(id, 'state', isOver ? 'failed' : 'waiting', 'fault', error.message.slice(0, 1000))
      await redis.pipeline([
        ...(isOver ? [] : [['ZADD', 'jobs:later', Date.now() + tries * tries * 1000, id]]),
        ['LREM', 'jobs:working', 0, id],
      ])
      return isOver
    },
    /** Queues what is due, and gives back what a worker left. */
    revive: async () => {
      const due = await redis.command('ZRANGEBYSCORE', 'jobs:later', 0, Date.now(), 'LIMIT', 0, 100)
      for (const id of due) {
        const isMine = await redis.command('ZREM', 'jobs:later', id)
        if (isMine === 1) await redis.command('LPUSH', 'jobs', id)
      }
      for (const id of await redis.command('LRANGE', 'jobs:working', 0, 100)) {
        const lease = Number(await redis.command('HGET', `job:${id}`, 'leasedUntil'))
        if (lease > Date.now()) continue
        const isMine = await redis.command('LREM', 'jobs:working', 0, id)
        if (isMine > 0) await redis.command('LPUSH', 'jobs', id)
      }
    },
    depth: async () => {
      const [waiting, later] = await redis.pipeline([
        ['LLEN', 'jobs'],
        ['ZCARD', 'jobs:later'],
      ])
      return waiting + later
    },
  }
}
