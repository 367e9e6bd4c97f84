// Device registry: every device that was ever told on the bus, with its state, name and room.
import { Gauge } from '../../../shared/metrics.mjs'
import { createService, metricsPage, Refusal } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { deviceOf } from '../../shared/devices.mjs'
import { openFileStore } from '../../shared/file-store.mjs'

const devicesMax = 5000

const app = createService('registry')
const alicia = joinAlicia(app, {
  name: 'registry',
  does: 'Knows every device, its room and its state',
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
})
const count = new Gauge({ name: 'alicia_devices', help: 'Devices in the registry' })

const devices = new Map()
/** Names and rooms that people gave; they win over what a device says of itself. */
const store = openFileStore(process.env.DATA_DIR ?? '/data', 'registry', { given: {} })

const seen = (id, change) => {
  if (!devices.has(id) && devices.size >= devicesMax) return
  devices.set(id, { ...devices.get(id), ...change })
  count.set(devices.size)
}
alicia.on('alicia/devices/+/about', (topic, about) => {
  if (about === undefined) devices.delete(deviceOf(topic))
  else seen(deviceOf(topic), { about })
})
alicia.on('alicia/devices/+/state', (topic, state) => seen(deviceOf(topic), { state }))

const shown = ([id, { about, state }]) => ({ ...about, ...store.value.given[id], id, state })
const find = ({ kind, room }) => {
  const all = [...devices].filter(([, { about }]) => about !== undefined).map(shown)
  const fits = (one) =>
    (kind === undefined || one.kind === kind) && (room === undefined || one.room === room)
  return { devices: all.filter(fits).sort((a, b) => a.id.localeCompare(b.id)) }
}
const get = (id) => {
  const device = devices.get(id)
  if (device === undefined) throw new Refusal(404, `There is no device ${id}`)
  return shown([id, device])
}

alicia.answer('find', find)
app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/devices', ({ query }) =>
  find({ kind: query.get('kind') ?? undefined, room: query.get('room') ?? undefined }),
)
app.get('/devices/:id', ({ params: [id] }) => get(id))
app.put('/devices/:id', ({ params: [id], body }) => {
  get(id)
  const given = Object.entries(body).filter(
    ([key, value]) => ['name', 'room'].includes(key) && /^[\w -]{1,60}$/.test(value),
  )
  if (given.length === 0) throw new Refusal(400, 'Send a name or a room of letters and digits')
  store.value.given[id] = { ...store.value.given[id], ...Object.fromEntries(given) }
  store.save()
  return get(id)
})
await app.listen(process.env.PORT, process.env.HOST)
