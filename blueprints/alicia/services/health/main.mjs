// Health monitor: hears every instance's heartbeat, and tells when one falls ill, silent or well.
import { Gauge } from '../../../shared/metrics.mjs'
import { createService, metricsPage, Refusal } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { byService } from '../../shared/by-service.mjs'

const historyMax = 50
const instancesMax = 1000

const app = createService('health')
const alicia = joinAlicia(app, {
  name: 'health',
  does: 'Watches the heartbeat of every service',
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
  settings: { silentSeconds: { default: 7, min: 3, max: 120 } },
})
const up = new Gauge({ name: 'alicia_service_up', help: 'Instances of a service that are well' })

/** Of each instance its last heartbeat, its state, and how that came about. */
const instances = new Map()

const judge = (one) => {
  const silentMs = Date.now() - one.heardAt
  if (silentMs > alicia.config().silentSeconds * 1000) return ['silent', 'no heartbeat']
  return one.isHealthy ? ['healthy', ''] : ['unhealthy', one.reason]
}
const look = (one) => {
  const [state, reason] = judge(one)
  if (state === one.state) return
  one.history = [...one.history, { at: new Date().toISOString(), state, reason }].slice(-historyMax)
  const was = one.state
  one.state = state
  if (was === undefined) return
  const text = `${one.service} is ${state}${reason === '' ? '' : `: ${reason}`}`
  const severity = state === 'healthy' ? 'info' : 'warning'
  alicia.tell('alicia/events/health', { severity, key: `health ${one.service}`, text })
}

alicia.on('alicia/heartbeat/+/+', (_topic, beat) => {
  const known = instances.get(beat.instance + beat.service)
  if (known === undefined && instances.size >= instancesMax) return
  const one = known ?? { history: [] }
  Object.assign(one, beat, { heardAt: Date.now() })
  instances.set(beat.instance + beat.service, one)
  look(one)
})
// Who said goodbye is not silent.
alicia.on('alicia/presence/+/+', (_topic, body) => {
  if (body?.status === 'stopped') instances.delete(body.instance + body.service)
})

const groups = () => byService(instances.values())
const check = setInterval(() => {
  for (const [key, one] of instances) {
    look(one)
    // Told as silent, and long gone: another instance has taken its place.
    if (Date.now() - one.heardAt > 60_000) instances.delete(key)
  }
  up.reset()
  for (const [service, list] of groups()) {
    up.set(list.filter(({ state }) => state === 'healthy').length, { service })
  }
}, 1000)

const overview = () => {
  const services = [...groups()].map(([service, list]) => {
    const well = list.filter(({ state }) => state === 'healthy').length
    const state = well === list.length ? 'healthy' : well > 0 ? 'degraded' : 'down'
    return { service, state, instances: list.length, well }
  })
  return { isWell: services.every(({ state }) => state === 'healthy'), services }
}

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/overview', overview)
app.get('/services/:name', ({ params: [name] }) => {
  const list = groups().get(name)
  if (list === undefined) throw new Refusal(404, `No heartbeat of ${name} was heard`)
  return { service: name, instances: list }
})
app.onStop(() => clearInterval(check))
await app.listen(process.env.PORT, process.env.HOST)
