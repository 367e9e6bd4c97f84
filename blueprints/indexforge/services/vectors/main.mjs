// The vector store: keeps points on disk, finds the nearest, hands out snapshots.
import { createReadStream, mkdirSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Gauge, Histogram } from '../../../shared/metrics.mjs'
import {
  createService,
  healthOf,
  json,
  metricsPage,
  Refusal,
  written,
} from '../../../shared/service.mjs'
import { createTracer } from '../../../shared/tracing.mjs'
import { openCollection } from './collection.mjs'

const dimensions = 256
const limitMax = 100
const folder = process.env.DATA_FOLDER ?? '/data'

const app = createService('vectors')
const tracer = createTracer({
  service: 'vectors',
  endpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT,
})
const kept = new Gauge({ name: 'forge_vectors_points', help: 'Points in the store' })
const seconds = new Histogram({
  name: 'forge_vector_search_duration_seconds',
  help: 'Time for one search through all points',
  buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5],
})
mkdirSync(folder, { recursive: true, mode: 0o700 })
const collection = await openCollection(join(folder, 'documents.jsonl'))

const isVector = (value) =>
  Array.isArray(value) && value.length === dimensions && value.every((one) => Number.isFinite(one))

const put = async ({ body: { points } }) => {
  if (!Array.isArray(points) || points.length > 100)
    throw new Refusal(400, 'points is a list of up to 100')
  for (const { id, vector, payload } of points) {
    if (typeof id !== 'string' || !isVector(vector) || typeof payload?.at !== 'string') {
      throw new Refusal(
        400,
        `A point has id, a vector of ${dimensions} numbers, and a payload with at`,
      )
    }
  }
  await collection.put(points)
  return { kept: points.length }
}

const search = ({ body: { vector, limit = 10, tag } }) => {
  if (!isVector(vector)) throw new Refusal(400, `vector is a list of ${dimensions} numbers`)
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= limitMax)) {
    throw new Refusal(400, `limit is a whole number from 1 to ${limitMax}`)
  }
  const startedAt = performance.now()
  const found = collection.search(vector, { limit, tag })
  seconds.observe((performance.now() - startedAt) / 1000)
  return { found }
}

app.get(
  '/health',
  healthOf(() => ({ points: collection.size() })),
)
app.get('/metrics', () => {
  kept.set(collection.size())
  return metricsPage()
})
app.put('/points', tracer.traced('put points', put))
app.post('/search', tracer.traced('search points', search))
app.get('/points/:id', ({ params: [id] }) => {
  const point = collection.find(id)
  return point === undefined
    ? json(404, { error: `There is no point ${id}` })
    : { id, ...point.payload }
})
app.delete('/points/:id', async ({ params: [id] }) => ({ dropped: await collection.drop([id]) }))
app.delete('/points', async ({ query }) => {
  const before = query.get('before')
  if (before === null || Number.isNaN(Date.parse(before)))
    throw new Refusal(400, 'before is a time')
  return { dropped: await collection.drop(collection.olderThan(new Date(before).toISOString())) }
})
app.get('/snapshot', async ({ response }) => {
  const file = join(folder, `snapshot-${process.hrtime.bigint()}.jsonl`)
  await collection.snapshot(file)
  try {
    response.writeHead(200, {
      'content-type': 'application/x-ndjson',
      'x-points': collection.size(),
    })
    await pipeline(createReadStream(file), response)
  } finally {
    await unlink(file)
  }
  return written
})

app.onStop(() => tracer.close())
app.onStop(() => collection.close())
await app.listen(process.env.PORT, process.env.HOST)
