// Starts runs when they are due. Several instances may run: a due row is locked by one of them.
import { openDatabase } from '../../../shared/database.mjs'
import { Counter } from '../../../shared/metrics.mjs'
import { openRedis } from '../../../shared/redis.mjs'
import { createService, healthOf, metricsPage } from '../../../shared/service.mjs'
import { schema, startRun } from '../../lib/runs.mjs'
import { withPassword } from '../../lib/secret-file.mjs'
import { openTelemetry } from '../../lib/telemetry.mjs'

const fired = new Counter({ name: 'scheduler_fired_total', help: 'Runs that a schedule started' })
const everyMs = 500
const batchMax = 50
const telemetry = openTelemetry('scheduler', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('scheduler', telemetry)
const redis = openRedis({ url: process.env.REDIS_URL })
const url = withPassword(process.env.DATABASE_URL, process.env.DATABASE_PASSWORD_FILE)
const database = openDatabase({ url, name: 'auterity/scheduler', log: app.log })

/** What was missed while nobody looked is started once, not as often as it was missed. */
const startDue = async () => {
  const due = await database.query(
    `update schedules set next_at = now() + make_interval(secs => every_seconds)
     where workflow_id in (
       select workflow_id from schedules where next_at <= now()
       order by next_at limit $1 for update skip locked
     ) returning workflow_id as "workflowId", input`,
    [batchMax],
  )
  for (const { workflowId, input } of due) {
    await startRun(database, redis, { workflowId, input, cause: 'schedule' })
    fired.inc()
  }
}

let round
let running = Promise.resolve()
const loop = () => {
  running = startDue().catch((error) => app.log.warn('round failed', { reason: error.message }))
  void running.then(() => {
    round = setTimeout(loop, everyMs)
  })
}

app.get(
  '/health',
  healthOf(async () => {
    await database.check()
    await redis.check()
  }),
)
app.get('/metrics', metricsPage)
app.get('/schedules', async () => ({
  schedules: await database.query(
    `select name as workflow, every_seconds as "everySeconds", next_at as "nextAt"
     from schedules join workflows on id = workflow_id order by next_at limit 200`,
  ),
}))

await database.createSchema(schema)
loop()
app.onStop(async () => {
  await running
  clearTimeout(round)
  redis.close()
  await database.close()
  await telemetry.close()
})
await app.listen(process.env.PORT, process.env.HOST)
