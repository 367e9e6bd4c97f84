// The API: workflows, and runs of them. Any number of instances share the work.
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { openDatabase } from '../../../shared/database.mjs'
import { Counter } from '../../../shared/metrics.mjs'
import { openRedis } from '../../../shared/redis.mjs'
import { createService, healthOf, metricsPage, Refusal } from '../../../shared/service.mjs'
import { schema, startRun } from '../../lib/runs.mjs'
import { withPassword } from '../../lib/secret-file.mjs'
import { ask, openTelemetry } from '../../lib/telemetry.mjs'

const started = new Counter({
  name: 'backend_runs_started_total',
  help: 'Runs that people started',
})
const auth = process.env.AUTH_URL
const telemetry = openTelemetry('backend', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('backend', telemetry)
const redis = openRedis({ url: process.env.REDIS_URL })
const url = withPassword(process.env.DATABASE_URL, process.env.DATABASE_PASSWORD_FILE)
const database = openDatabase({ url, name: 'auterity/backend', log: app.log })

const kinds = ['classify', 'summarize', 'search', 'fetch', 'store', 'notify']
const stepsMax = 20

const userOf = ({ headers }) =>
  ask('auth', `${auth}/verify`, { headers: { authorization: headers.authorization ?? '' } })

const addWorkflow = async ({ name, steps }) => {
  if (typeof name !== 'string' || !/^[\w -]{1,80}$/.test(name)) {
    throw new Refusal(400, 'name: 1 to 80 letters, digits, spaces, - and _')
  }
  if (!Array.isArray(steps) || steps.length === 0 || steps.length > stepsMax) {
    throw new Refusal(400, `steps: a list of 1 to ${stepsMax}`)
  }
  for (const [index, step] of steps.entries()) {
    if (kinds.includes(step?.kind)) continue
    throw new Refusal(400, `steps[${index}].kind: one of ${kinds.join(', ')}`)
  }
  const [added] = await database.query(
    `insert into workflows (id, name, steps) values ($1, $2, $3)
     on conflict (name) do update set steps = $3 returning id, name, steps`,
    [randomUUID(), name, JSON.stringify(steps)],
  )
  return added
}

const schedule = async (workflowId, { everySeconds, input = {} }) => {
  if (!Number.isInteger(everySeconds) || everySeconds < 1 || everySeconds > 86_400) {
    throw new Refusal(400, 'everySeconds: 1 to 86400')
  }
  const [found] = await database.query(
    `insert into schedules (workflow_id, every_seconds, input, next_at)
     select id, $2, $3, now() from workflows where id::text = $1
     on conflict (workflow_id) do update set every_seconds = $2, input = $3
     returning workflow_id as "workflowId", every_seconds as "everySeconds"`,
    [workflowId, everySeconds, JSON.stringify(input)],
  )
  if (found === undefined) throw new Refusal(404, `There is no workflow ${workflowId}`)
  return found
}

const columns = `runs.id, workflows.name as workflow, cause, state, error, runs.created_at as "createdAt",
  ended_at as "endedAt"`
const runs = 'runs join workflows on workflows.id = workflow_id'

app.get(
  '/health',
  healthOf(async () => {
    await database.check()
    await redis.check()
    return { instance: `${hostname()}:${process.pid}` }
  }),
)
app.get('/metrics', metricsPage)
app.get('/workflows', async () => ({
  workflows: await database.query('select id, name, steps from workflows order by name limit 200'),
}))
app.post('/workflows', async ({ request, body }) => {
  await userOf(request)
  return addWorkflow(body)
})
app.post('/workflows/:id/runs', async ({ request, params: [workflowId], body }) => {
  await userOf(request)
  const run = await startRun(database, redis, { workflowId, input: body, cause: 'person' })
  started.inc()
  return run
})
app.put('/workflows/:id/schedule', async ({ request, params: [workflowId], body }) => {
  await userOf(request)
  return schedule(workflowId, body)
})
app.get('/runs', async () => ({
  runs: await database.query(
    `select ${columns} from ${runs} order by runs.created_at desc limit 50`,
  ),
}))
app.get('/runs/:id', async ({ params: [id] }) => {
  const text = `select ${columns}, input, results from ${runs} where runs.id::text = $1`
  const [found] = await database.query(text, [id])
  if (found === undefined) throw new Refusal(404, `There is no run ${id}`)
  return found
})
app.onStop(redis.close)
app.onStop(database.close)
app.onStop(telemetry.close)

await database.createSchema(schema)
await app.listen(process.env.PORT, process.env.HOST)
