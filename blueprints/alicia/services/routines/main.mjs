// Routines: when something happens, something else is done.
import { Counter } from '../../../shared/metrics.mjs'
import { createService, metricsPage } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { usualRoutines } from './usual.mjs'
import { createTriggers } from './triggers.mjs'

const app = createService('routines')
const alicia = joinAlicia(app, {
  name: 'routines',
  does: 'Does something when something else happens',
  needs: ['lights', 'blinds', 'locks', 'climate', 'scheduler', 'presence'],
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
  settings: { routines: { default: usualRoutines, max: 100 } },
})
const ran = new Counter({
  name: 'alicia_routines_run_total',
  help: 'Routines that were carried out',
  labelled: true,
})

const history = []
const run = ({ name, do: steps }) => {
  for (const { device, set } of steps) alicia.tell(`alicia/devices/${device}/set`, set)
  ran.inc({ routine: name })
  history.push({ name, at: new Date().toISOString() })
  if (history.length > 100) history.shift()
  app.log.info('routine run', { name })
}

const triggers = createTriggers(() => alicia.config().routines, run)
alicia.on('alicia/devices/+/state', triggers.see)
alicia.on('alicia/events/+', triggers.see)
alicia.on('alicia/home', triggers.see)

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/routines', () => ({ routines: alicia.config().routines, history }))
await app.listen(process.env.PORT, process.env.HOST)
