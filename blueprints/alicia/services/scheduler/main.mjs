// Event scheduler: tells the bus when it is time, every so often or at a time of the day.
import { Counter } from '../../../shared/metrics.mjs'
import { createService, json, metricsPage, Refusal } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { openFileStore } from '../../shared/file-store.mjs'
import { nextRun, readEntry } from './entry.mjs'

const entriesMax = 500

const app = createService('scheduler')
const alicia = joinAlicia(app, {
  name: 'scheduler',
  does: 'Tells the bus when it is time',
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
})
const fired = new Counter({ name: 'alicia_schedule_fired_total', help: 'Events that were due' })

const usual = [
  { name: 'morning', at: '07:00', days: [1, 2, 3, 4, 5] },
  { name: 'evening', at: '19:00' },
  { name: 'report', every: 60 },
]
const store = openFileStore(process.env.DATA_DIR ?? '/data', 'schedule', {
  entries: usual.map((entry) => ({ ...entry, nextAt: nextRun(entry, Date.now()) })),
})

const tick = setInterval(() => {
  const now = Date.now()
  const due = store.value.entries.filter(({ nextAt }) => nextAt <= now)
  for (const entry of due) {
    const body = { name: entry.name, dueAt: new Date(entry.nextAt).toISOString() }
    alicia.tell(`alicia/events/schedule.${entry.name}`, body)
    fired.inc()
    // What was missed while nobody ran is told once, not as often as it was missed.
    entry.nextAt = nextRun(entry, now)
  }
  if (due.length > 0) store.save()
}, 500)

const shown = ({ nextAt, ...entry }) => ({ ...entry, next: new Date(nextAt).toISOString() })
const withoutEntry = (name) => store.value.entries.filter((one) => one.name !== name)

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/events', () => ({ events: store.value.entries.map(shown) }))
app.post('/events', ({ body }) => {
  const entry = readEntry(body)
  const others = withoutEntry(entry.name)
  if (others.length >= entriesMax) throw new Refusal(409, `There are ${entriesMax} events already`)
  store.value.entries = [...others, { ...entry, nextAt: nextRun(entry, Date.now()) }]
  store.save()
  return json(201, shown(store.value.entries.at(-1)))
})
app.delete('/events/:name', ({ params: [name] }) => {
  const left = withoutEntry(name)
  if (left.length === store.value.entries.length) throw new Refusal(404, `No event ${name}`)
  store.value.entries = left
  store.save()
  return { removed: name }
})
app.onStop(() => clearInterval(tick))
await app.listen(process.env.PORT, process.env.HOST)
