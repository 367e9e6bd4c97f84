// The house as its sensors see it: rooms that warm up and cool down, and somebody who walks about.
import { Gauge } from '../../../shared/metrics.mjs'
import { createService, metricsPage } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { deviceOf, ownDevices } from '../../shared/devices.mjs'
import { createHouse, rooms } from './house.mjs'

const app = createService('sensors')
const alicia = joinAlicia(app, {
  name: 'sensors',
  does: 'Measures temperature, humidity, light and motion in each room',
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
  settings: {
    everyMs: { default: 1000, min: 200, max: 60_000 },
    /** Seconds of the house in one second of ours. */
    speed: { default: 60, min: 1, max: 600 },
    outside: { default: 6, min: -30, max: 45 },
  },
  onConfig: () => restart(),
})
const temperature = new Gauge({
  name: 'alicia_room_temperature_celsius',
  help: 'Temperature of a room',
})

const house = createHouse()
const sensors = ownDevices(alicia, {
  kind: 'sensor',
  devices: rooms.map((room) => ({ id: `sensor.${room}`, room, name: `${room} sensor` })),
  initial: () => ({ temperature: 18, humidity: 50, light: 0, motion: false }),
})
// What lamps, valves and blinds do is felt in their rooms.
alicia.on('alicia/devices/+/state', (topic, state) => {
  const [kind, room] = deviceOf(topic).split('.')
  if (state !== undefined) house.feel(kind, room, state)
})

const measure = () => {
  const { everyMs, speed, outside } = alicia.config()
  for (const [room, seen] of house.pass((everyMs / 1000) * speed, outside)) {
    sensors.change(`sensor.${room}`, seen)
    temperature.set(seen.temperature, { room })
  }
}
let timer = setInterval(measure, alicia.config().everyMs)
const restart = () => {
  clearInterval(timer)
  timer = setInterval(measure, alicia.config().everyMs)
}

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/rooms', () => Object.fromEntries(sensors.ids.map((id) => [id, sensors.get(id)])))
app.onStop(() => clearInterval(timer))
await app.listen(process.env.PORT, process.env.HOST)
