// Takes runs from the queue and carries out their steps. Any number of instances share the queue.
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '../../../shared/database.mjs'
import { Counter } from '../../../shared/metrics.mjs'
import { openRedis } from '../../../shared/redis.mjs'
import { createService, healthOf, metricsPage } from '../../../shared/service.mjs'
import { aliveKey, aliveSeconds, queue, schema, tell } from '../../lib/runs.mjs'
import { withPassword } from '../../lib/secret-file.mjs'
import { openTelemetry } from '../../lib/telemetry.mjs'
import { takeStep } from './steps.mjs'

const done = new Counter({
  name: 'worker_runs_total',
  help: 'Runs that ended, by state',
  labelled: true,
})
const attemptsMax = 3
const waitSeconds = 1
const telemetry = openTelemetry('worker', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('worker', telemetry)
const redis = openRedis({ url: process.env.REDIS_URL })
const taking = openRedis({ url: process.env.REDIS_URL, timeoutMs: 5000 })
const url = withPassword(process.env.DATABASE_URL, process.env.DATABASE_PASSWORD_FILE)
const database = openDatabase({ url, name: 'auterity/worker', log: app.log })

const setState = async (id, state, { results = [], error = null }) => {
  const ended = state === 'running' ? null : new Date()
  await database.query(
    `update runs set state = $2, results = $3, error = $4, ended_at = $5 where id = $1`,
    [id, state, JSON.stringify(results), error, ended],
  )
  await tell(redis, { run: id, state, error })
}

const carryOut = async ({ run: id }) => {
  const [run] = await database.query(
    `select input, steps from runs join workflows on workflows.id = workflow_id where runs.id = $1`,
    [id],
  )
  if (run === undefined) return
  await setState(id, 'running', {})
  const results = []
  for (const step of run.steps) {
    const result = await telemetry.span(`step ${step.kind}`, () =>
      takeStep(step, { input: run.input, results, run: id }),
    )
    results.push({ kind: step.kind, ...result })
  }
  await setState(id, 'done', { results })
  done.inc({ state: 'done' })
}

const giveBack = async (job, error) => {
  const again = { ...job, attempt: job.attempt + 1 }
  const isDead = again.attempt > attemptsMax
  app.log.warn('run failed', { run: job.run, attempt: job.attempt, reason: error.message })
  await setState(job.run, isDead ? 'failed' : 'waiting', { error: error.message })
  await redis.command('LPUSH', isDead ? queue.dead : queue.waiting, JSON.stringify(again))
  if (isDead) await redis.command('LTRIM', queue.dead, 0, 999)
  if (isDead) done.inc({ state: 'failed' })
}

/** Says that the run is in work, until it is not; without that the job is given to another worker. */
const keepAlive = (run) => {
  const say = () => redis.command('SET', aliveKey(run), 1, 'EX', aliveSeconds).catch(() => {})
  void say()
  const timer = setInterval(() => void say(), (aliveSeconds * 1000) / 3)
  return () => clearInterval(timer)
}

/** The job stays in the taken list until it is done, so that nothing is lost with its worker. */
const takeOne = async () => {
  const words = ['BLMOVE', queue.waiting, queue.taken, 'RIGHT', 'LEFT', waitSeconds]
  const taken = await taking.command(...words)
  if (taken === null) return
  const job = JSON.parse(taken)
  const stopSaying = keepAlive(job.run)
  try {
    await telemetry
      .span('run', () => carryOut(job), { header: job.trace ?? '' })
      .catch((error) => giveBack(job, error))
    await redis.command('LREM', queue.taken, 1, taken)
  } finally {
    stopSaying()
  }
}

let isStopping = false
const loop = async () => {
  while (!isStopping) {
    try {
      await takeOne()
    } catch (error) {
      app.log.warn('cannot take a job', { reason: error.message })
      await sleep(500)
    }
  }
}

app.get(
  '/health',
  healthOf(async () => {
    await database.check()
    await redis.check()
  }),
)
app.get('/metrics', metricsPage)

await database.createSchema(schema)
const working = loop()
app.onStop(async () => {
  isStopping = true
  await working
  taking.close()
  redis.close()
  await database.close()
  await telemetry.close()
})
await app.listen(process.env.PORT, process.env.HOST)
