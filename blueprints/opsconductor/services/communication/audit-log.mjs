// Writes the audit stream of all services down for good, each entry once.
import { setTimeout as sleep } from 'node:timers/promises'

const batch = 100
const waitMs = 2000

/**
 * @param {object} parts
 * @param {ReturnType<import('../../../shared/redis.mjs').openRedis>} parts.redis one of its own: it waits
 * @param {ReturnType<import('../../../shared/database.mjs').openDatabase>} parts.database
 * @param {ReturnType<import('../../../shared/log.mjs').createLog>} parts.log
 * @param {(count: number) => void} parts.onWritten
 */
export const followAudit = ({ redis, database, log, onWritten }) => {
  let isStopping = false

  const write = async (entries) => {
    for (const [id, fields] of entries) {
      const pairs = Object.fromEntries(
        fields.flatMap((name, index) => (index % 2 === 0 ? [[name, fields[index + 1]]] : [])),
      )
      await database.query(
        `insert into communication.audit (id, at, service, actor, action, detail)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
        [id, pairs.at, pairs.service, pairs.actor, pairs.action, pairs.detail],
      )
    }
    onWritten(entries.length)
  }

  const follow = async () => {
    while (!isStopping) {
      try {
        const [last] = await database.query(
          `select id from communication.audit
           order by split_part(id, '-', 1)::bigint desc, split_part(id, '-', 2)::bigint desc limit 1`,
        )
        const from = ['STREAMS', 'audit', last?.id ?? '0']
        const read = await redis.command('XREAD', 'COUNT', batch, 'BLOCK', waitMs, ...from)
        if (read !== null) await write(read[0][1])
      } catch (error) {
        if (isStopping) return
        log.warn('audit waits', { reason: error.message })
        await sleep(1000)
      }
    }
  }

  const followed = follow()
  return {
    stop: async () => {
      isStopping = true
      redis.close()
      await followed
    },
  }
}
