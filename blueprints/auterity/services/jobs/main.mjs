// What waits, what is being done, and what failed for good; failed jobs go back by one call.
import { Counter, Gauge } from '../../../shared/metrics.mjs'
import { openRedis } from '../../../shared/redis.mjs'
import { createService, healthOf, metricsPage } from '../../../shared/service.mjs'
import { aliveKey, queue } from '../../lib/runs.mjs'
import { openTelemetry } from '../../lib/telemetry.mjs'

const telemetry = openTelemetry('jobs', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('jobs', telemetry)
const redis = openRedis({ url: process.env.REDIS_URL })
const retriedMax = 1000

const lengths = async () => {
  const lists = [queue.waiting, queue.taken, queue.dead]
  const [waiting, taken, dead] = await redis.pipeline(lists.map((list) => ['LLEN', list]))
  return { waiting, taken, dead }
}

const inQueue = new Gauge({
  name: 'jobs_in_queue',
  help: 'Jobs by where they are: waiting, taken or dead',
  collect: async (gauge) => {
    for (const [list, length] of Object.entries(await lengths())) gauge.set(length, { list })
  },
})
inQueue.reset()

const rescued = new Counter({
  name: 'jobs_rescued_total',
  help: 'Jobs that were taken from a worker that ended',
})
const lookEveryMs = 5000
let doubtful = new Set()

/** Gives back what a worker took and does not work on: nobody has said so twice in a row. */
const rescue = async () => {
  const taken = await redis.command('LRANGE', queue.taken, 0, -1)
  const keys = taken.map((job) => ['EXISTS', aliveKey(JSON.parse(job).run)])
  const alive = await redis.pipeline(keys)
  const silent = taken.filter((_, index) => alive[index] === 0)
  for (const job of silent.filter((one) => doubtful.has(one))) {
    if ((await redis.command('LREM', queue.taken, 1, job)) === 0) continue
    await redis.command('LPUSH', queue.waiting, job)
    rescued.inc()
    app.log.warn('job taken from a worker that ended', { run: JSON.parse(job).run })
  }
  doubtful = new Set(silent)
}
const looking = setInterval(() => {
  rescue().catch((error) => app.log.warn('cannot look', { reason: error.message }))
}, lookEveryMs)

const retryDead = async () => {
  let retried = 0
  for (; retried < retriedMax; retried += 1) {
    const dead = await redis.command('RPOP', queue.dead)
    if (dead === null) break
    await redis.command('LPUSH', queue.waiting, JSON.stringify({ ...JSON.parse(dead), attempt: 1 }))
  }
  app.log.info('dead jobs retried', { retried })
  return { retried }
}

app.get('/health', healthOf(redis.check))
app.get('/metrics', metricsPage)
app.get('/jobs', async () => {
  const dead = await redis.command('LRANGE', queue.dead, 0, 49)
  return { ...(await lengths()), newestDead: dead.map((job) => JSON.parse(job)) }
})
app.post('/jobs/retry', retryDead)
app.onStop(() => clearInterval(looking))
app.onStop(redis.close)
app.onStop(telemetry.close)
await app.listen(process.env.PORT, process.env.HOST)
