// Turns text into vectors of 256 numbers by hashing its words and letter triples: near in wording is near.
import { createHash } from 'node:crypto'
import { Counter } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage, Refusal } from '../../../shared/service.mjs'
import { openTelemetry } from '../../lib/telemetry.mjs'

const embedded = new Counter({ name: 'embeddings_texts_total', help: 'Texts that became vectors' })
const dimensions = 256
const textMax = 100_000
const telemetry = openTelemetry('embeddings', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('embeddings', telemetry)

const featuresOf = (text) =>
  (text.toLowerCase().match(/[\p{L}\p{N}]{2,30}/gu) ?? []).flatMap((word) => {
    const framed = `^${word}$`
    const triples = Array.from({ length: framed.length - 2 }, (_, at) => framed.slice(at, at + 3))
    return [word, ...triples]
  })

/** Feature hashing with signs (Weinberger et al. 2009), scaled to length 1. */
const embed = (text) => {
  const vector = new Float64Array(dimensions)
  for (const feature of featuresOf(text)) {
    const hash = createHash('md5').update(feature).digest()
    vector[hash.readUInt16LE(0) % dimensions] += (hash[2] & 1) === 0 ? 1 : -1
  }
  const length = Math.hypot(...vector) || 1
  return [...vector].map((value) => Math.round((value / length) * 1e6) / 1e6)
}

app.get(
  '/health',
  healthOf(() => ({ dimensions })),
)
app.get('/metrics', metricsPage)
app.post('/embed', ({ body: { text } }) => {
  if (typeof text !== 'string' || text.trim() === '') throw new Refusal(400, 'text is empty')
  if (text.length > textMax) throw new Refusal(413, `text: at most ${textMax} characters`)
  embedded.inc()
  return { vector: embed(text) }
})
app.onStop(telemetry.close)
await app.listen(process.env.PORT, process.env.HOST)
