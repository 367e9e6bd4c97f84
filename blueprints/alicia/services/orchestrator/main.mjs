// Service orchestrator: who needs whom, and restarts in that order, one instance after the other.
import { randomUUID } from 'node:crypto'
import { Counter } from '../../../shared/metrics.mjs'
import { createService, json, metricsPage, Refusal } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { levelsOf } from './levels.mjs'

const instanceTimeoutMs = 30_000
const jobsMax = 50

const app = createService('orchestrator')
const alicia = joinAlicia(app, {
  name: 'orchestrator',
  does: 'Restarts services in the order of who needs whom',
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
})
const restarted = new Counter({
  name: 'alicia_instances_restarted_total',
  help: 'Instances that were replaced by a healthy one',
})

/** Of each instance its last heartbeat. */
const beats = new Map()
/** Looks at each heartbeat, and is done when it says so. */
const watchers = new Set()
alicia.on('alicia/heartbeat/+/+', (_topic, beat) => {
  beats.set(`${beat.service}/${beat.instance}`, { ...beat, heardAt: Date.now() })
  for (const watch of watchers) watch(beat)
})
alicia.on('alicia/presence/+/+', (_topic, body) => {
  if (body !== undefined && body.status !== 'online') {
    beats.delete(`${body.service}/${body.instance}`)
  }
})

const alive = () => [...beats.values()].filter(({ heardAt }) => Date.now() - heardAt < 10_000)
const levels = () => levelsOf(new Map(alive().map(({ service, needs }) => [service, needs])))

/** Asks one instance to end, and waits for a healthy one that was not there before. */
const replace = ({ service, instance }) =>
  new Promise((resolve, reject) => {
    const before = new Set(alive().map((beat) => beat.instance))
    const done = (settle, value) => {
      watchers.delete(watch)
      clearTimeout(timer)
      settle(value)
    }
    const watch = (beat) => {
      const isNew = beat.service === service && !before.has(beat.instance)
      if (isNew && beat.isHealthy) done(resolve, beat.instance)
    }
    const timer = setTimeout(
      () => done(reject, new Error(`${service} has no new healthy instance`)),
      instanceTimeoutMs,
    )
    watchers.add(watch)
    alicia.tell(`alicia/control/${service}`, { command: 'restart', instance, by: 'orchestrator' })
  })

const jobs = new Map()
const run = async (job) => {
  try {
    for (const service of job.order) {
      for (const beat of alive().filter((one) => one.service === service)) {
        const { instance } = beat
        job.steps.push({ service, was: instance, is: await replace(beat) })
        restarted.inc()
      }
    }
    job.state = 'done'
  } catch (error) {
    Object.assign(job, { state: 'stopped', reason: error.message })
    app.log.warn('restart stopped', { id: job.id, reason: error.message })
  }
}

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/order', () => levels())
app.post('/restarts', ({ body: { services } }) => {
  const known = levels().levels.flat()
  const unknown = [services ?? []].flat().filter((one) => !known.includes(one))
  if (unknown.length > 0) throw new Refusal(404, `Not running: ${unknown.join(', ')}`)
  if ([...jobs.values()].some(({ state }) => state === 'running')) {
    throw new Refusal(409, 'A restart is under way')
  }
  // Itself it cannot watch.
  const order = known.filter((one) => one !== 'orchestrator' && (services ?? known).includes(one))
  const job = { id: randomUUID(), state: 'running', order, steps: [] }
  jobs.set(job.id, job)
  if (jobs.size > jobsMax) jobs.delete(jobs.keys().next().value)
  void run(job)
  return json(202, job)
})
app.get('/restarts/:id', ({ params: [id] }) => {
  const job = jobs.get(id)
  if (job === undefined) throw new Refusal(404, `There is no restart ${id}`)
  return job
})
await app.listen(process.env.PORT, process.env.HOST)
