// The runner: takes runs from the queue and carries out their steps. Any number of them share the work.
import { openDatabase } from '../../../shared/database.mjs'
import { requestJson } from '../../../shared/http-client.mjs'
import { Counter, Histogram } from '../../../shared/metrics.mjs'
import { openRedis } from '../../../shared/redis.mjs'
import { createService, healthOf, metricsPage } from '../../../shared/service.mjs'
import { createTracer } from '../../../shared/tracing.mjs'
import { automationSchema } from '../../lib/automation-schema.mjs'
import { openKeys } from '../../lib/keys.mjs'
import { createActions } from './actions.mjs'

const waitSeconds = 2
const leaseSeconds = 90
const triesMax = 3

const app = createService('runner')
const keys = openKeys(process.env.KEYS_FOLDER ?? '/keys')
const database = openDatabase({
  url: keys.withPassword(process.env.DATABASE_URL),
  name: 'opsconductor/runner',
  log: app.log,
})
const queue = openRedis({ url: process.env.REDIS_URL, timeoutMs: (waitSeconds + 2) * 1000 })
const tracer = createTracer({
  service: 'runner',
  endpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT,
})
const runs = new Counter({
  name: 'opsconductor_runs_finished_total',
  help: 'Runs that ended, by outcome',
  labelled: true,
})
const stepSeconds = new Histogram({
  name: 'opsconductor_step_duration_seconds',
  help: 'Time that a step took, by its kind',
})

await database.createSchema(automationSchema)

let token = { value: '', until: 0 }
const headers = async () => {
  if (Date.now() > token.until) {
    const { status, body } = await requestJson(`${process.env.IDENTITY_URL}/token`, {
      ...{ method: 'POST', body: { apiKey: keys.read('service_key') } },
    })
    if (status !== 200) throw new Error(`identity refuses the key of the runners: ${body?.error}`)
    token = { value: body.accessToken, until: Date.now() + (body.expiresInSeconds - 30) * 1000 }
  }
  return { authorization: `Bearer ${token.value}`, ...tracer.headers() }
}
const actions = createActions({
  urls: { assets: process.env.ASSETS_URL, communication: process.env.COMMUNICATION_URL },
  headers,
})

/** The run is ours for 90 seconds; undefined when another runner has it, or it is done. */
const claim = async (id) => {
  const [run] = await database.query(
    `update automation.runs r set state = 'running', tries = tries + 1,
       leased_until = now() + $2 * interval '1 second'
     from automation.workflows w
     where r.id::text = $1 and r.state = 'queued' and w.name = r.workflow and w.version = r.version
     returning r.id, r.tries, r.workflow, w.steps`,
    [id, leaseSeconds],
  )
  return run
}

const carryOut = async (run) => {
  for (const [index, { uses, with: given }] of run.steps.entries()) {
    const startedAt = new Date()
    const outcome = await tracer
      .span(uses, () => actions[uses](given))
      .then(
        (detail) => ({ ok: true, detail }),
        (error) => ({ ok: false, detail: error.message }),
      )
    stepSeconds.observe((Date.now() - startedAt.getTime()) / 1000, { uses })
    await database.query(
      `insert into automation.run_steps (run_id, index, uses, ok, detail, started_at, ended_at)
       values ($1, $2, $3, $4, $5, $6, now())
       on conflict (run_id, index) do update
       set ok = excluded.ok, detail = excluded.detail, started_at = excluded.started_at, ended_at = now()`,
      [run.id, index, uses, outcome.ok, outcome.detail.slice(0, 2000), startedAt],
    )
    await database.query(
      `update automation.runs set leased_until = now() + $2 * interval '1 second' where id = $1`,
      [run.id, leaseSeconds],
    )
    if (!outcome.ok) return false
  }
  return true
}

const finish = async (run, isDone) => {
  const again = !isDone && run.tries < triesMax
  const state = isDone ? 'done' : again ? 'queued' : 'failed'
  await database.query(
    `update automation.runs set state = $2, leased_until = null,
       ended_at = case when $2 = 'queued' then null else now() end where id = $1`,
    [run.id, state],
  )
  if (!again) runs.inc({ outcome: state })
  app.log.info('run ended', { run: run.id, workflow: run.workflow, state, tries: run.tries })
}

let isStopping = false
const work = async () => {
  while (!isStopping) {
    try {
      const taken = await queue.command('BRPOP', 'runs', waitSeconds)
      const run = taken === null ? undefined : await claim(taken[1])
      if (run === undefined) continue
      const isDone = await tracer.span(`run ${run.workflow}`, () => carryOut(run), { header: '' })
      await finish(run, isDone)
    } catch (error) {
      if (isStopping) return
      app.log.warn('cannot work', { reason: error.message })
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
}

app.get(
  '/health',
  healthOf(() => database.check()),
)
app.get('/metrics', metricsPage)
const worked = work()
app.onStop(async () => {
  isStopping = true
  await Promise.race([worked, new Promise((resolve) => setTimeout(resolve, 4000))])
})
app.onStop(() => tracer.close())
app.onStop(() => queue.close())
app.onStop(() => database.close())
await app.listen(process.env.PORT, process.env.HOST)
