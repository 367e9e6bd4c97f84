// Dialogue: does what was said, answers in words, and knows what "it" is.
import { requestJson } from '../../../shared/http-client.mjs'
import { Counter } from '../../../shared/metrics.mjs'
import { createService, metricsPage, Refusal } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { createActions } from './actions.mjs'

const speakersMax = 100

const app = createService('dialogue')
const alicia = joinAlicia(app, {
  name: 'dialogue',
  does: 'Does what is said, and answers',
  needs: ['balancer', 'speech', 'registry'],
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
})
const balancer = (process.env.BALANCER_URL ?? 'http://balancer:8000').replace(/\/$/, '')
const said = new Counter({ name: 'alicia_dialogue_turns_total', help: 'Sentences answered' })

const act = createActions(alicia)
/** The room each speaker spoke of last; the oldest is forgotten. */
const rooms = new Map()

const say = async (speaker, text) => {
  const { status, body } = await requestJson(`${balancer}/to/speech/intents`, {
    method: 'POST',
    body: { text },
  })
  if (status !== 200) throw new Refusal(status === 400 ? 400 : 503, body?.error ?? 'no answer')
  const { intent, slots, by } = body
  const room = slots.room ?? (slots.it === 'it' ? rooms.get(speaker) : undefined)
  if (room !== undefined) {
    rooms.delete(speaker)
    rooms.set(speaker, room)
    if (rooms.size > speakersMax) rooms.delete(rooms.keys().next().value)
  }
  said.inc()
  return { answer: await act(intent, { ...slots, room }), intent, understoodBy: by }
}

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.post('/say', ({ body }) => say(String(body.speaker ?? 'somebody').slice(0, 60), body.text))
await app.listen(process.env.PORT, process.env.HOST)
