// Locks: opened with a PIN, closed by anybody, locked again by themselves.
import { scryptSync, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Counter } from '../../../shared/metrics.mjs'
import { createService, metricsPage } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { ownDevices } from '../../shared/devices.mjs'

const failuresMax = 5
const failuresWithinMs = 60_000

const app = createService('locks')
const alicia = joinAlicia(app, {
  name: 'locks',
  does: 'Locks doors, and opens them for a PIN',
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
  settings: { relockSeconds: { default: 30, min: 5, max: 600 } },
})
const refused = new Counter({
  name: 'alicia_locks_refused_total',
  help: 'Wrong PINs, and tries during a block',
})

const digest = (pin) => scryptSync(String(pin), 'alicia', 32)
const pinFile = process.env.DOOR_PIN_FILE
if (!pinFile) throw new Error('DOOR_PIN_FILE is not set')
const wanted = digest(readFileSync(pinFile, 'utf8').trim())
const failures = []
const relocks = new Map()

const checkPin = (pin) => {
  while (failures.length > 0 && Date.now() - failures[0] > failuresWithinMs) failures.shift()
  const isBlocked = failures.length >= failuresMax
  if (!isBlocked && timingSafeEqual(digest(pin ?? ''), wanted)) return
  refused.inc()
  if (!isBlocked) failures.push(Date.now())
  if (failures.length === failuresMax && !isBlocked) {
    const text = `${failuresMax} wrong PINs within a minute`
    alicia.tell('alicia/events/alarm', { severity: 'warning', key: 'locks', text })
  }
  throw new Error(isBlocked ? 'blocked after too many wrong PINs' : 'wrong PIN')
}

const locks = ownDevices(alicia, {
  kind: 'lock',
  devices: [
    { id: 'lock.front', room: 'hall', name: 'front door' },
    { id: 'lock.garden', room: 'living', name: 'garden door' },
  ],
  initial: () => ({ locked: true }),
  set: ({ locked, pin }, _state, id) => {
    clearTimeout(relocks.get(id))
    if (locked !== false) return { locked: true }
    checkPin(pin)
    const again = () => locks.change(id, { locked: true })
    relocks.set(id, setTimeout(again, alicia.config().relockSeconds * 1000))
    return { locked: false }
  },
})

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/locks', () => Object.fromEntries(locks.ids.map((id) => [id, locks.get(id)])))
app.onStop(() => relocks.forEach((timer) => clearTimeout(timer)))
await app.listen(process.env.PORT, process.env.HOST)
