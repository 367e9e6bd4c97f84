// The application: takes documents and tables, finds them again, tells how jobs and errors stand.
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { requestJson } from '../../../shared/http-client.mjs'
import { Counter } from '../../../shared/metrics.mjs'
import { openRedis } from '../../../shared/redis.mjs'
import { createService, healthOf, json, metricsPage, Refusal } from '../../../shared/service.mjs'
import { createTracer } from '../../../shared/tracing.mjs'
import { createCache } from '../../lib/cache.mjs'
import { createErrorGroups } from '../../lib/error-groups.mjs'
import { BadMessage, createJobs } from '../../lib/jobs.mjs'

const uploadLimitBytes = 8 * 1024 * 1024
const uploads = process.env.UPLOADS_FOLDER ?? '/uploads'
const freshMs = Number(process.env.CACHE_FRESH_SECONDS ?? 5) * 1000
const staleMs = 60_000

const app = createService('app')
const redis = openRedis({ url: process.env.REDIS_URL })
const tracer = createTracer({ service: 'app', endpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT })
const jobs = createJobs(redis)
const errors = createErrorGroups(redis)
const searches = new Counter({
  name: 'forge_cache_answers_total',
  help: 'Searches by where the answer came from',
  labelled: true,
})
const accepted = new Counter({
  name: 'forge_jobs_accepted_total',
  help: 'Jobs that were queued, by kind',
  labelled: true,
})
const cache = createCache({ redis, onAnswer: (outcome) => searches.inc({ outcome }) })
mkdirSync(uploads, { recursive: true, mode: 0o700 })

const ask = async (url, method, body) => {
  const answer = await requestJson(url, { method, body, headers: tracer.headers() })
  if (answer.status >= 500) throw new Error(`${url} answered ${answer.status}`)
  return answer
}

/** A handler whose faults are told to the error groups. */
const watched = (place, handler) =>
  tracer.traced(place, async (asked) => {
    try {
      return await handler(asked)
    } catch (error) {
      if (error instanceof BadMessage) throw new Refusal(400, error.message)
      if (!(error instanceof Refusal)) await errors.add('app', place, error).catch(() => {})
      throw error
    }
  })

const queue = async (kind, detail) => {
  const { id } = await jobs.add(kind, detail)
  accepted.inc({ kind })
  return json(202, { job: id })
}

const findNearest = async ({ text, tag, limit }) => {
  const embedded = await ask(`${process.env.ML_URL}/embed`, 'POST', { texts: [text] })
  const body = { vector: embedded.body.vectors[0], limit, ...(tag === null ? {} : { tag }) }
  return (await ask(`${process.env.VECTORS_URL}/search`, 'POST', body)).body
}

const search = async ({ query }) => {
  const text = (query.get('q') ?? '').trim().slice(0, 1000)
  if (text === '') throw new Refusal(400, 'Say what to look for: /search?q=…')
  const asked = {
    text,
    tag: query.get('tag'),
    limit: Math.min(Number(query.get('limit') ?? 5) || 5, 50),
  }
  const life = { freshMs, staleMs, tags: ['documents'] }
  return cache.get(JSON.stringify(asked), () => findNearest(asked), life)
}

const upload = async ({ query, bytes }) => {
  const name = query.get('name') ?? ''
  const kind = /\.(xlsx|csv)$/i.exec(name)?.[1]?.toLowerCase()
  if (kind === undefined) throw new Refusal(400, 'Name a file that ends in .xlsx or .csv: ?name=…')
  const content = await bytes(uploadLimitBytes)
  if (content.length === 0) throw new Refusal(400, 'The file is empty')
  const file = `${randomUUID()}.${kind}`
  await writeFile(join(uploads, file), content, { mode: 0o600 })
  return queue('table', { file, name: name.slice(0, 200) })
}

app.get(
  '/health',
  healthOf(() => redis.check()),
)
app.get('/metrics', metricsPage)
app.post(
  '/documents',
  watched('add document', ({ body }) => queue('document', { document: body })),
)
app.post('/uploads', watched('upload', upload))
app.get('/search', watched('search', search))
app.get(
  '/jobs/:id',
  watched('find job', async ({ params: [id] }) => {
    const job = await jobs.find(id)
    return job ?? json(404, { error: `There is no job ${id}` })
  }),
)
app.get(
  '/documents/:id',
  watched('find document', async ({ params: [id] }) => {
    const { status, body } = await ask(
      `${process.env.VECTORS_URL}/points/${encodeURIComponent(id)}`,
      'GET',
    )
    return json(status, body)
  }),
)
app.delete(
  '/documents/:id',
  watched('delete document', async ({ params: [id] }) => {
    const { body } = await ask(
      `${process.env.VECTORS_URL}/points/${encodeURIComponent(id)}`,
      'DELETE',
    )
    await cache.purge('documents')
    return body
  }),
)
app.delete(
  '/cache',
  watched('purge cache', async ({ query }) => ({
    forgotten: await cache.purge(query.get('tag') ?? 'documents'),
  })),
)
app.get(
  '/errors',
  watched('list errors', async () => ({ groups: await errors.list(50) })),
)

app.onStop(() => tracer.close())
app.onStop(() => redis.close())
await app.listen(process.env.PORT, process.env.HOST)
