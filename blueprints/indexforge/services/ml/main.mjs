// The ML service: turns texts into vectors, and tells how alike two texts are.
import { Counter, Histogram } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage, Refusal } from '../../../shared/service.mjs'
import { createTracer } from '../../../shared/tracing.mjs'
import { dimensions, embed } from './embed.mjs'

const textsMax = 64

const app = createService('ml')
const tracer = createTracer({ service: 'ml', endpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT })
const embedded = new Counter({
  name: 'forge_texts_embedded_total',
  help: 'Texts turned into vectors',
})
const seconds = new Histogram({
  name: 'forge_embedding_duration_seconds',
  help: 'Time for one request of texts',
  buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5],
})

const textsOf = ({ texts }) => {
  const isRight = Array.isArray(texts) && texts.every((text) => typeof text === 'string')
  if (!isRight || texts.length === 0 || texts.length > textsMax) {
    throw new Refusal(400, `texts is a list of 1 to ${textsMax} texts`)
  }
  return texts
}

const vectorsOf = ({ body }) => {
  const startedAt = performance.now()
  const vectors = textsOf(body).map(embed)
  embedded.inc({}, vectors.length)
  seconds.observe((performance.now() - startedAt) / 1000)
  return { dimensions, vectors }
}

app.get(
  '/health',
  healthOf(() => {
    if (embed('ready').length !== dimensions) throw new Error('the model gives wrong vectors')
  }),
)
app.get('/metrics', metricsPage)
app.post('/embed', tracer.traced('embed', vectorsOf))
app.post('/similarity', ({ body }) => {
  const [a, b] = textsOf(body).map(embed)
  if (b === undefined) throw new Refusal(400, 'texts is a list of two')
  return { similarity: a.reduce((sum, value, index) => sum + value * b[index], 0) }
})

app.onStop(() => tracer.close())
await app.listen(process.env.PORT, process.env.HOST)
