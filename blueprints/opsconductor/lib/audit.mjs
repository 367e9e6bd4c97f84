// Who did what: told to a stream in Redis, which the communication service writes down for good.

const entriesMax = 100_000

/**
 * @param {object} options
 * @param {ReturnType<import('../../shared/redis.mjs').openRedis>} options.redis
 * @param {string} options.service
 * @param {ReturnType<import('../../shared/log.mjs').createLog>} options.log
 */
export const createAudit =
  ({ redis, service, log }) =>
  /** @param {string} actor @param {string} action as in `asset.created` @param {object} detail */
  async (actor, action, detail = {}) => {
    const words = ['service', service, 'actor', actor, 'action', action]
    const fields = [...words, 'detail', JSON.stringify(detail), 'at', new Date().toISOString()]
    try {
      await redis.command('XADD', 'audit', 'MAXLEN', '~', entriesMax, '*', ...fields)
    } catch (error) {
      // What was asked for is done already: it must not fail because it could not be told.
      log.error('audit entry lost', { actor, action, reason: error.message })
    }
  }
