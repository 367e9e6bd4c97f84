// Lights: on, off, and slowly from one brightness to another.
import { Counter } from '../../../shared/metrics.mjs'
import { createService, metricsPage } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { numberWithin, ownDevices } from '../../shared/devices.mjs'

const stepMs = 100
const wattsAtFull = 9

const app = createService('lights')
const alicia = joinAlicia(app, {
  name: 'lights',
  does: 'Turns lights on and off, and fades them',
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
  settings: { fadeMs: { default: 800, min: 0, max: 10_000 } },
})
const switched = new Counter({
  name: 'alicia_lights_switched_total',
  help: 'Lights turned on or off',
})

const targets = new Map()
const lights = ownDevices(alicia, {
  kind: 'light',
  devices: ['kitchen', 'living', 'bedroom', 'hall'].map((room) => ({
    ...{ id: `light.${room}`, room, name: `${room} light` },
  })),
  initial: () => ({ on: false, brightness: 0, watts: 0 }),
  set: ({ on, brightness }, state, id) => {
    const wanted = brightness ?? (on === false ? 0 : state.on ? state.brightness : 100)
    targets.set(id, numberWithin(wanted, 0, 100, 'brightness'))
    if (state.on !== wanted > 0) switched.inc()
    return { on: wanted > 0 }
  },
})

const fade = setInterval(() => {
  const { fadeMs } = alicia.config()
  const step = fadeMs === 0 ? 100 : (100 * stepMs) / fadeMs
  for (const [id, target] of targets) {
    const { brightness } = lights.get(id)
    const left = target - brightness
    const next = Math.abs(left) <= step ? target : brightness + Math.sign(left) * step
    if (next === target) targets.delete(id)
    lights.change(id, { brightness: Math.round(next), watts: (wattsAtFull * next) / 100 })
  }
}, stepMs)

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/lights', () => Object.fromEntries(lights.ids.map((id) => [id, lights.get(id)])))
app.onStop(() => clearInterval(fade))
await app.listen(process.env.PORT, process.env.HOST)
