// One door to all models: picks the one for the task, and remembers its answers for a while.
import { createHash } from 'node:crypto'
import { Counter } from '../../../shared/metrics.mjs'
import { openRedis } from '../../../shared/redis.mjs'
import { createService, healthOf, metricsPage, Refusal } from '../../../shared/service.mjs'
import { ask, openTelemetry } from '../../lib/telemetry.mjs'

const asked = new Counter({
  name: 'models_requests_total',
  help: 'Requests by task, and whether the answer was remembered',
  labelled: true,
})
const words = new Counter({ name: 'models_words_total', help: 'Words that models have read' })
const rememberSeconds = 300
const textModel = process.env.TEXT_MODEL_URL
const embeddings = process.env.EMBEDDINGS_URL
const telemetry = openTelemetry('models', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('models', telemetry)
const redis = openRedis({ url: process.env.REDIS_URL })

const tasks = {
  classify: (text) =>
    ask('text-model', `${textModel}/classify`, { method: 'POST', body: { text } }),
  summarize: (text) =>
    ask('text-model', `${textModel}/summarize`, { method: 'POST', body: { text } }),
  embed: (text) => ask('embeddings', `${embeddings}/embed`, { method: 'POST', body: { text } }),
}

const complete = async ({ task, text }) => {
  const run = Object.hasOwn(tasks, task) ? tasks[task] : undefined
  if (run === undefined) throw new Refusal(400, `task: one of ${Object.keys(tasks).join(', ')}`)
  if (typeof text !== 'string' || text.trim() === '') throw new Refusal(400, 'text is empty')
  const key = `models:${task}:${createHash('sha256').update(text).digest('hex')}`
  const known = await redis.command('GET', key)
  asked.inc({ task, remembered: String(known !== null) })
  if (known !== null) return JSON.parse(known)
  const answer = await run(text)
  words.inc({}, text.split(/\s+/).length)
  await redis.command('SET', key, JSON.stringify(answer), 'EX', rememberSeconds)
  return answer
}

app.get('/health', healthOf(redis.check))
app.get('/metrics', metricsPage)
app.get('/tasks', () => ({ tasks: Object.keys(tasks) }))
app.post('/complete', ({ body }) => complete(body))
app.onStop(redis.close)
app.onStop(telemetry.close)
await app.listen(process.env.PORT, process.env.HOST)
