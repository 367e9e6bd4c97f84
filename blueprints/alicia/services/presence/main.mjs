// Presence: who moves where, and whether anybody is at home.
import { Gauge } from '../../../shared/metrics.mjs'
import { createService, metricsPage } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { deviceOf } from '../../shared/devices.mjs'

const app = createService('presence')
const alicia = joinAlicia(app, {
  name: 'presence',
  does: 'Knows which rooms are in use, and whether anybody is at home',
  needs: ['sensors'],
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
  settings: { emptyAfterSeconds: { default: 20, min: 1, max: 3600 } },
})
const occupied = new Gauge({ name: 'alicia_rooms_occupied', help: 'Rooms in use' })

const movedAt = new Map()
let told = ''
alicia.on('alicia/devices/+/state', (topic, state) => {
  const [kind, room] = deviceOf(topic).split('.')
  if (kind === 'sensor' && state?.motion === true) movedAt.set(room, Date.now())
})

const home = () => {
  const limitMs = alicia.config().emptyAfterSeconds * 1000
  const rooms = [...movedAt].filter(([, at]) => Date.now() - at < limitMs).map(([room]) => room)
  return { isHome: rooms.length > 0, rooms: rooms.sort((a, b) => a.localeCompare(b)) }
}
const look = setInterval(() => {
  const now = home()
  occupied.set(now.rooms.length)
  const text = JSON.stringify(now)
  if (text === told) return
  told = text
  alicia.tell('alicia/home', now, { retain: true })
}, 500)

alicia.answer('home', home)

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/home', home)
app.onStop(() => clearInterval(look))
await app.listen(process.env.PORT, process.env.HOST)
