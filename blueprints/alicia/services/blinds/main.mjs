// Blinds: 0 is closed, 100 is open, and the way takes its time.
import { Counter } from '../../../shared/metrics.mjs'
import { createService, metricsPage } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { numberWithin, ownDevices } from '../../shared/devices.mjs'

const stepMs = 200

const app = createService('blinds')
const alicia = joinAlicia(app, {
  name: 'blinds',
  does: 'Opens and closes blinds',
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
  settings: { percentPerSecond: { default: 20, min: 1, max: 100 } },
})
const moves = new Counter({
  name: 'alicia_blinds_moves_total',
  help: 'Ways from one position to another',
})

const blinds = ownDevices(alicia, {
  kind: 'blind',
  devices: ['living', 'bedroom'].map((room) => ({
    ...{ id: `blind.${room}`, room, name: `${room} blind` },
  })),
  initial: () => ({ position: 100, target: 100 }),
  set: ({ position }) => {
    moves.inc()
    return { target: numberWithin(position, 0, 100, 'position') }
  },
})

const move = setInterval(() => {
  const step = (alicia.config().percentPerSecond * stepMs) / 1000
  for (const id of blinds.ids) {
    const { position, target } = blinds.get(id)
    if (position === target) continue
    const left = target - position
    const next = Math.abs(left) <= step ? target : position + Math.sign(left) * step
    blinds.change(id, { position: next })
  }
}, stepMs)

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/blinds', () => Object.fromEntries(blinds.ids.map((id) => [id, blinds.get(id)])))
app.onStop(() => clearInterval(move))
await app.listen(process.env.PORT, process.env.HOST)
