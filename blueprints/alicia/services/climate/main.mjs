// Climate: a thermostat for each room, with hysteresis, and a lower target when nobody is at home.
import { Counter } from '../../../shared/metrics.mjs'
import { createService, metricsPage } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { deviceOf, numberWithin, ownDevices } from '../../shared/devices.mjs'

const wattsOfValve = 800

const app = createService('climate')
const alicia = joinAlicia(app, {
  name: 'climate',
  does: 'Heats each room to its target',
  needs: ['sensors', 'presence'],
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
  settings: {
    hysteresis: { default: 0.3, min: 0.1, max: 3 },
    awayTarget: { default: 16, min: 5, max: 25 },
  },
})
const valves = new Counter({
  name: 'alicia_heating_switched_total',
  help: 'Valves opened or closed',
})

let isHome = true
const thermostats = ownDevices(alicia, {
  kind: 'climate',
  devices: ['kitchen', 'living', 'bedroom', 'hall'].map((room) => ({
    ...{ id: `climate.${room}`, room, name: `${room} thermostat` },
  })),
  initial: () => ({ target: 20, heating: false, watts: 0 }),
  set: ({ target }) => ({ target: numberWithin(target, 5, 28, 'target') }),
})

alicia.on('alicia/home', (_topic, home) => {
  isHome = home?.isHome ?? true
})
alicia.on('alicia/devices/+/state', (topic, state) => {
  const [kind, room] = deviceOf(topic).split('.')
  const id = `climate.${room}`
  const thermostat = thermostats.get(id)
  if (kind !== 'sensor' || thermostat === undefined || state === undefined) return
  const { hysteresis, awayTarget } = alicia.config()
  const target = isHome ? thermostat.target : Math.min(awayTarget, thermostat.target)
  const isCold = state.temperature < target - hysteresis
  const isWarm = state.temperature > target + hysteresis
  const heating = isCold || (thermostat.heating && !isWarm)
  if (heating === thermostat.heating) return
  valves.inc()
  thermostats.change(id, { heating, watts: heating ? wattsOfValve : 0 })
})

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/rooms', () => Object.fromEntries(thermostats.ids.map((id) => [id, thermostats.get(id)])))
await app.listen(process.env.PORT, process.env.HOST)
