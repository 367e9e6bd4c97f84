// Notifier: events of the house and alerts of Prometheus, each told once and not again for a while.
import { Counter } from '../../../shared/metrics.mjs'
import { createService, metricsPage, Refusal } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'

const keptMax = 200
const alertsMax = 100

const app = createService('notifier')
const alicia = joinAlicia(app, {
  name: 'notifier',
  does: 'Collects what people should know',
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
  settings: { quietSeconds: { default: 60, min: 0, max: 86_400 } },
})
const notified = new Counter({
  name: 'alicia_notifications_total',
  help: 'Notifications, by severity',
  labelled: true,
})

const kept = []
const toldAt = new Map()

/** The same thing is told again only after the quiet time. */
const notify = ({ severity = 'info', key, text, from }) => {
  const now = Date.now()
  const last = toldAt.get(key)
  if (last?.text === text && now - last.at < alicia.config().quietSeconds * 1000) return
  toldAt.delete(key)
  toldAt.set(key, { at: now, text })
  if (toldAt.size > keptMax) toldAt.delete(toldAt.keys().next().value)
  kept.push({ at: new Date(now).toISOString(), severity, text, from })
  if (kept.length > keptMax) kept.shift()
  notified.inc({ severity: severity === 'info' ? 'info' : 'warning' })
  alicia.tell('alicia/notifications', kept.at(-1))
}

alicia.on('alicia/events/+', (topic, body) => {
  const from = topic.split('/')[2]
  if (typeof body?.text === 'string') notify({ ...body, from })
})

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/notifications', () => ({ notifications: kept.toReversed() }))
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
app.post('/alerts', ({ body: { alerts } }) => {
  if (!Array.isArray(alerts)) throw new Refusal(400, 'Send what Alertmanager sends: { alerts: [] }')
  for (const { status, labels = {}, annotations = {} } of alerts.slice(0, alertsMax)) {
    const text = `${status === 'resolved' ? 'Over: ' : ''}${annotations.summary ?? labels.alertname}`
    notify({ severity: labels.severity, key: JSON.stringify(labels), text, from: 'prometheus' })
  }
  return { taken: Math.min(alerts.length, alertsMax) }
})
await app.listen(process.env.PORT, process.env.HOST)
