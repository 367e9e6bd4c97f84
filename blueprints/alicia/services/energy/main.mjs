// Energy: what every device takes, added up by day and kept.
import { Gauge } from '../../../shared/metrics.mjs'
import { createService, metricsPage } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { deviceOf } from '../../shared/devices.mjs'
import { openFileStore } from '../../shared/file-store.mjs'

const saveMs = 5000
const daysMax = 400

const app = createService('energy')
const alicia = joinAlicia(app, {
  name: 'energy',
  does: 'Adds up what the house uses, and what that costs',
  needs: ['lights', 'climate'],
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
  settings: {
    centsPerKwh: { default: 32, min: 0, max: 500 },
    warnAboveWatts: { default: 3500, min: 100, max: 50_000 },
  },
})
const power = new Gauge({ name: 'alicia_power_watts', help: 'What the house takes now' })

const store = openFileStore(process.env.DATA_DIR ?? '/data', 'energy', { days: {} })
const loads = new Map()
let isAbove = false

alicia.on('alicia/devices/+/state', (topic, state) => {
  if (typeof state?.watts !== 'number') return
  const id = deviceOf(topic)
  addUp(id)
  loads.set(id, { watts: state.watts, since: Date.now() })
  warn()
})

/** What a device has used since it was last looked at. */
const addUp = (id) => {
  const load = loads.get(id)
  if (load === undefined) return
  const wattHours = (load.watts * (Date.now() - load.since)) / 3_600_000
  const { days } = store.value
  const today = new Date().toISOString().slice(0, 10)
  days[today] ??= {}
  days[today][id] = (days[today][id] ?? 0) + wattHours
  for (const day of Object.keys(days).sort().slice(0, -daysMax)) delete days[day]
  load.since = Date.now()
}
const total = () => [...loads.values()].reduce((sum, { watts }) => sum + watts, 0)
const warn = () => {
  const watts = total()
  power.set(watts)
  const was = isAbove
  isAbove = watts > alicia.config().warnAboveWatts
  if (!isAbove || was) return
  const text = `The house takes ${Math.round(watts)} W`
  alicia.tell('alicia/events/energy', { severity: 'info', key: 'energy', text })
}
const save = setInterval(() => {
  for (const id of loads.keys()) addUp(id)
  store.save()
}, saveMs)

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/usage', () => {
  const days = Object.entries(store.value.days).map(([day, used]) => {
    const kwh = Object.values(used).reduce((sum, one) => sum + one, 0) / 1000
    return { day, kwh, cents: kwh * alicia.config().centsPerKwh, wattHours: used }
  })
  return { watts: total(), days }
})
app.onStop(() => {
  clearInterval(save)
  store.save()
})
await app.listen(process.env.PORT, process.env.HOST)
