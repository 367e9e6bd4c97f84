// A small model of text: sorts it (naive Bayes, learnt from training.json) and shortens it.
import { readFileSync } from 'node:fs'
import { Counter } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage, Refusal } from '../../../shared/service.mjs'
import { openTelemetry } from '../../lib/telemetry.mjs'
import { learn, summarize } from './model.mjs'

const answers = new Counter({
  name: 'text_model_answers_total',
  help: 'Answers by task',
  labelled: true,
})
const textMax = 100_000
const telemetry = openTelemetry('text-model', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('text-model', telemetry)
const training = JSON.parse(readFileSync(new URL('training.json', import.meta.url), 'utf8'))
const model = learn(training)

const textOf = ({ text }) => {
  if (typeof text !== 'string' || text.trim() === '') throw new Refusal(400, 'text is empty')
  if (text.length > textMax) throw new Refusal(413, `text: at most ${textMax} characters`)
  return text
}

app.get(
  '/health',
  healthOf(() => ({ classes: model.classes, examples: training.length })),
)
app.get('/metrics', metricsPage)
app.post('/classify', ({ body }) => {
  const found = model.classify(textOf(body))
  answers.inc({ task: 'classify' })
  return { ...found, text: found.label }
})
app.post('/summarize', ({ body }) => {
  const text = summarize(textOf(body))
  answers.inc({ task: 'summarize' })
  return { text }
})
app.onStop(telemetry.close)
await app.listen(process.env.PORT, process.env.HOST)
