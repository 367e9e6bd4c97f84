// Speech: finds out what is meant by a sentence.
import { Counter } from '../../../shared/metrics.mjs'
import { createService, metricsPage, Refusal } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { readIntent } from './grammar.mjs'

const textMax = 500

const app = createService('speech')
const alicia = joinAlicia(app, {
  name: 'speech',
  does: 'Finds out what a sentence wants; several instances behind the balancer',
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
})
const understood = new Counter({
  name: 'alicia_sentences_total',
  help: 'Sentences, by what they were understood as',
  labelled: true,
})

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.post('/intents', ({ body: { text } }) => {
  if (typeof text !== 'string' || text.trim() === '' || text.length > textMax) {
    throw new Refusal(400, `Send {"text": "…"} of 1 to ${textMax} letters`)
  }
  const intent = readIntent(text)
  understood.inc({ intent: intent?.intent ?? 'none' })
  return { text, by: alicia.instance, ...(intent ?? { intent: 'unknown', slots: {} }) }
})
await app.listen(process.env.PORT, process.env.HOST)
