// Metrics collector: every figure on the bus as a time series, and where it is heading.
import { Gauge } from '../../../shared/metrics.mjs'
import { createService, metricsPage, Refusal } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { deviceOf } from '../../shared/devices.mjs'
import { createSeries, trendOf } from './series.mjs'

const app = createService('metrics')
const alicia = joinAlicia(app, {
  name: 'metrics',
  does: 'Keeps every figure as a time series, and knows its trend',
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
  settings: { everyMs: { default: 1000, min: 200, max: 60_000 } },
})
const kept = new Gauge({ name: 'alicia_series', help: 'Time series that are kept' })

const series = createSeries({ everyMs: () => alicia.config().everyMs })
const record = (source, body) => {
  for (const [key, value] of Object.entries(body ?? {})) {
    if (key !== 'at' && typeof value === 'number') series.add(`${source}.${key}`, value, Date.now())
  }
  kept.set(series.names().length)
}
alicia.on('alicia/devices/+/state', (topic, state) => record(deviceOf(topic), state))
alicia.on('alicia/heartbeat/+/+', (_topic, { service, memoryBytes }) =>
  record(`service.${service}`, { memoryBytes }),
)

const pointsOf = (name, query) => {
  const seconds = Math.min(Number(query.get('seconds') ?? 600) || 600, 7200)
  const points = series.since(name, Date.now() - seconds * 1000)
  if (points === undefined) throw new Refusal(404, `There is no series ${name}`)
  return { name, seconds, points }
}

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/series', () => ({ series: series.names() }))
app.get('/series/:name', ({ params: [name], query }) => pointsOf(name, query))
app.get('/trends/:name', ({ params: [name], query }) => {
  const { seconds, points } = pointsOf(name, query)
  return { name, seconds, ...trendOf(points) }
})
await app.listen(process.env.PORT, process.env.HOST)
