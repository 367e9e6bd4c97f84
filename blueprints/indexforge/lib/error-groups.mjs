// Errors that are one fault become one group: the same place, the same words but for numbers and names.
import { createHash } from 'node:crypto'

const keptSeconds = 14 * 86_400
const groupsMax = 500

const plain = (message) =>
  message
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, '<id>')
    .replaceAll(/"[^"]*"|'[^']*'/g, '<text>')
    .replaceAll(/\d+/g, '<n>')

/** @param {ReturnType<import('../../shared/redis.mjs').openRedis>} redis */
export const createErrorGroups = (redis) => ({
  /** @param {string} service @param {string} place what it was doing @param {Error} error */
  add: async (service, place, error) => {
    const title = plain(error.message).slice(0, 300)
    const id = createHash('sha256')
      .update(`${service}\n${place}\n${title}`)
      .digest('hex')
      .slice(0, 16)
    const now = new Date().toISOString()
    const key = `error:${id}`
    await redis.pipeline([
      ['HSETNX', key, 'firstAt', now],
      ['HSET', key, 'service', service, 'place', place, 'title', title, 'lastAt', now],
      ['HSET', key, 'sample', error.message.slice(0, 2000)],
      ['HINCRBY', key, 'count', 1],
      ['EXPIRE', key, keptSeconds],
      ['ZADD', 'errors', Date.now(), id],
      ['ZREMRANGEBYRANK', 'errors', 0, -groupsMax - 1],
    ])
    return id
  },
  /** The latest first. */
  list: async (limit) => {
    const ids = await redis.command('ZREVRANGE', 'errors', 0, limit - 1)
    const groups = await redis.pipeline(ids.map((id) => ['HGETALL', `error:${id}`]))
    return groups.flatMap((fields, index) => {
      if (fields.length === 0) return []
      const pairs = fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1]]] : []))
      const group = Object.fromEntries(pairs)
      return [{ id: ids[index], ...group, count: Number(group.count) }]
    })
  },
})
