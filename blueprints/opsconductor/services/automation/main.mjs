// Automation: workflows in versions, their schedules, their runs and what happened in them.
import { randomUUID } from 'node:crypto'
import { openDatabase } from '../../../shared/database.mjs'
import { Counter, Gauge } from '../../../shared/metrics.mjs'
import { openRedis } from '../../../shared/redis.mjs'
import { createService, healthOf, json, metricsPage, Refusal } from '../../../shared/service.mjs'
import { createTracer } from '../../../shared/tracing.mjs'
import { createAccess } from '../../lib/access.mjs'
import { createAudit } from '../../lib/audit.mjs'
import { automationSchema } from '../../lib/automation-schema.mjs'
import { openKeys } from '../../lib/keys.mjs'
import { faultOfSteps, stepLibrary } from '../../lib/steps.mjs'

const tickMs = 1000
const keepRuns = '30 days'

const app = createService('automation')
const keys = openKeys(process.env.KEYS_FOLDER ?? '/keys')
const database = openDatabase({
  url: keys.withPassword(process.env.DATABASE_URL),
  name: 'opsconductor/automation',
  log: app.log,
})
const redis = openRedis({ url: process.env.REDIS_URL })
const tracer = createTracer({
  service: 'automation',
  endpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT,
})
const audit = createAudit({ redis, service: 'automation', log: app.log })
const access = createAccess({ identityUrl: process.env.IDENTITY_URL })
const queued = new Counter({
  name: 'opsconductor_runs_queued_total',
  help: 'Runs that were queued, by cause',
  labelled: true,
})
const runsOpen = new Gauge({
  name: 'opsconductor_runs_open',
  help: 'Runs that are queued or running',
})

await database.createSchema(automationSchema)

const getWorkflow = async (name) => {
  const [found] = await database.query(
    'select * from automation.workflows where name = $1 order by version desc limit 1',
    [name],
  )
  if (found === undefined) throw new Refusal(404, `There is no workflow ${name}`)
  return found
}

/** Writes the run down first: the list in Redis only wakes a runner, and may be lost. */
const queueRun = async ({ name, version }, cause) => {
  const id = randomUUID()
  await database.query(
    'insert into automation.runs (id, workflow, version, cause) values ($1, $2, $3, $4)',
    [id, name, version, cause],
  )
  queued.inc({ cause: cause.startsWith('schedule') ? 'schedule' : 'request' })
  await redis.command('LPUSH', 'runs', id).catch(() => {})
  return { id, workflow: name, version, state: 'queued' }
}

/** Queues what is due, and gives runs back whose runner went away. */
const tick = async () => {
  const due = await database.query(
    `update automation.schedules s set next_at = now() + w.every_seconds * interval '1 second'
     from (select distinct on (name) name, version, every_seconds from automation.workflows
           order by name, version desc) w
     where w.name = s.workflow and w.every_seconds is not null and s.next_at <= now()
     returning w.name, w.version`,
  )
  for (const workflow of due) await queueRun(workflow, 'schedule')
  const waiting = await database.query(
    `update automation.runs set state = 'queued', leased_until = null
     where state = 'running' and leased_until < now() returning id`,
  )
  const forgotten = await database.query(
    `select id from automation.runs where state = 'queued' and made_at < now() - interval '5 seconds'
     order by made_at limit 100`,
  )
  for (const { id } of [...waiting, ...forgotten]) {
    await redis.pipeline([
      ['LREM', 'runs', 0, id],
      ['LPUSH', 'runs', id],
    ])
  }
  await database.query('delete from automation.runs where ended_at < now() - $1::interval', [
    keepRuns,
  ])
}
let isTicking = false
const ticking = setInterval(() => {
  if (isTicking) return
  isTicking = true
  void tick()
    .catch((error) => app.log.warn('schedules wait', { reason: error.message }))
    .finally(() => {
      isTicking = false
    })
}, tickMs)

app.get(
  '/health',
  healthOf(() => Promise.all([database.check(), redis.check()]).then(() => {})),
)
app.get('/metrics', async () => {
  const [{ count }] = await database.query(
    `select count(*)::int as count from automation.runs where state in ('queued', 'running')`,
  )
  runsOpen.set(count)
  return metricsPage()
})
app.get(
  '/steps',
  access.allow('automation:read', () => stepLibrary),
)

app.get(
  '/workflows',
  access.allow('automation:read', () =>
    database.query(
      `select distinct on (name) name, version, every_seconds, made_by, made_at
     from automation.workflows order by name, version desc limit 1000`,
    ),
  ),
)
app.get(
  '/workflows/:name',
  access.allow('automation:read', ({ params: [name] }) => getWorkflow(name)),
)
app.put(
  '/workflows/:name',
  access.allow('automation:write', async ({ params: [name], body, actor }) => {
    const fault = faultOfSteps(body.steps)
    if (fault !== undefined) throw new Refusal(400, fault)
    const every = body.everySeconds ?? null
    if (every !== null && !(Number.isInteger(every) && every >= 10 && every <= 86_400)) {
      throw new Refusal(400, 'everySeconds is a whole number from 10 to 86400')
    }
    const [made] = await database.query(
      `insert into automation.workflows (name, version, steps, every_seconds, made_by)
     select $1, coalesce(max(version), 0) + 1, $2, $3, $4 from automation.workflows where name = $1
     returning name, version, every_seconds`,
      [name, JSON.stringify(body.steps), every, actor.sub],
    )
    await database.query(
      `insert into automation.schedules (workflow, next_at) values ($1, now())
     on conflict (workflow) do update set next_at = now()`,
      [name],
    )
    await audit(actor.sub, 'workflow.saved', { name, version: made.version })
    return made
  }),
)

const start = async ({ params: [name], actor }) => {
  const run = await queueRun(await getWorkflow(name), `request of ${actor.sub}`)
  await audit(actor.sub, 'run.requested', { workflow: name, run: run.id })
  return json(202, run)
}
app.post('/workflows/:name/runs', tracer.traced('queue run', access.allow('automation:run', start)))

app.get(
  '/runs',
  access.allow('automation:read', ({ query }) =>
    database.query(
      `select id, workflow, version, state, cause, tries, made_at, ended_at from automation.runs
     where $1::text is null or workflow = $1 order by made_at desc limit 100`,
      [query.get('workflow')],
    ),
  ),
)
app.get(
  '/runs/:id',
  access.allow('automation:read', async ({ params: [id] }) => {
    const [run] = await database.query('select * from automation.runs where id::text = $1', [id])
    if (run === undefined) throw new Refusal(404, `There is no run ${id}`)
    const steps = await database.query(
      'select index, uses, ok, detail, started_at, ended_at from automation.run_steps where run_id = $1 order by index',
      [run.id],
    )
    return { ...run, steps }
  }),
)

app.onStop(() => clearInterval(ticking))
app.onStop(() => tracer.close())
app.onStop(() => redis.close())
app.onStop(() => database.close())
await app.listen(process.env.PORT, process.env.HOST)
