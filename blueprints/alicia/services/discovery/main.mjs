// Discovery: which instances of which services there are, and where.
import { Gauge } from '../../../shared/metrics.mjs'
import { createService, metricsPage, Refusal } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { byService } from '../../shared/by-service.mjs'

const instancesMax = 5000

const app = createService('discovery')
const alicia = joinAlicia(app, {
  name: 'discovery',
  does: 'Knows which instances of which services there are',
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
  settings: { forgetAfterSeconds: { default: 30, min: 5, max: 3600 } },
})
const online = new Gauge({ name: 'alicia_instances_online', help: 'Instances on the bus' })

const instances = new Map()
alicia.on('alicia/presence/+/+', (topic, body) => {
  if (body === undefined) instances.delete(topic)
  else if (instances.has(topic) || instances.size < instancesMax) {
    instances.set(topic, { ...body, changedAt: Date.now() })
  }
})

// What is gone stays for a while as an answer to "where is it", then is taken off the bus.
const sweep = setInterval(() => {
  const limitMs = alicia.config().forgetAfterSeconds * 1000
  for (const [topic, { status, changedAt }] of instances) {
    if (status !== 'online' && Date.now() - changedAt > limitMs) void alicia.forget(topic)
  }
  online.set([...instances.values()].filter(({ status }) => status === 'online').length)
}, 1000)

const all = () => [...instances.values()].sort((a, b) => a.service.localeCompare(b.service))
const find = (service) => {
  const found = all().filter((one) => one.service === service)
  if (found.length === 0) throw new Refusal(404, `No instance of ${service} is known`)
  return { service, instances: found }
}

alicia.answer('find', ({ service }) => find(service))
app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/services', () => ({
  services: [...byService(all())].map(([service, list]) => ({
    service,
    does: list[0]?.does,
    online: list.filter(({ status }) => status === 'online').length,
  })),
}))
// https://prometheus.io/docs/prometheus/latest/http_sd/
app.get('/prometheus', () =>
  all()
    .filter(({ status }) => status === 'online')
    .map(({ service, host, port }) => ({ targets: [`${host}:${port}`], labels: { service } })),
)
app.get('/services/:name', ({ params: [name] }) => find(name))
app.onStop(() => clearInterval(sweep))
await app.listen(process.env.PORT, process.env.HOST)
