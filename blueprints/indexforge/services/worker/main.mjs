// The worker: turns documents and tables into points of the vector store, and tries again what failed.
import { readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { requestJson } from '../../../shared/http-client.mjs'
import { Counter, Gauge, Histogram } from '../../../shared/metrics.mjs'
import { openRedis } from '../../../shared/redis.mjs'
import { createService, healthOf, metricsPage } from '../../../shared/service.mjs'
import { createTracer } from '../../../shared/tracing.mjs'
import { purgeTag } from '../../lib/cache.mjs'
import { createErrorGroups } from '../../lib/error-groups.mjs'
import { BadMessage, createJobs } from '../../lib/jobs.mjs'
import { BadTable, readTable } from './tables.mjs'

const batch = 32
const reviveEveryMs = 1000
const uploads = process.env.UPLOADS_FOLDER ?? '/uploads'

const app = createService('worker')
const redis = openRedis({ url: process.env.REDIS_URL })
const blocking = openRedis({ url: process.env.REDIS_URL, timeoutMs: 5000 })
const tracer = createTracer({
  service: 'worker',
  endpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT,
})
const jobs = createJobs(redis)
const errors = createErrorGroups(redis)
const indexed = new Counter({
  name: 'forge_documents_indexed_total',
  help: 'Documents that can be found',
})
const finished = new Counter({
  name: 'forge_jobs_total',
  help: 'Tries of jobs by outcome',
  labelled: true,
})
const seconds = new Histogram({
  name: 'forge_job_duration_seconds',
  help: 'Time for one try of a job',
})
const waiting = new Gauge({ name: 'forge_jobs_waiting', help: 'Jobs that wait, now or for later' })

const ask = async (url, method, body) => {
  const answer = await requestJson(url, {
    method,
    body,
    timeoutMs: 10_000,
    headers: tracer.headers(),
  })
  if (answer.status < 400) return answer.body
  const reason = answer.body?.error ?? answer.body?.detail ?? 'without a reason'
  throw new Error(`${url} answered ${answer.status}: ${reason}`)
}

/** @param {readonly { title: string, text: string, tags?: readonly string[] }[]} documents */
const index = async (documents, jobId) => {
  for (let at = 0; at < documents.length; at += batch) {
    const some = documents.slice(at, at + batch)
    const texts = some.map(({ title, text }) => `${title}\n${text}`)
    const { vectors } = await ask(`${process.env.ML_URL}/embed`, 'POST', { texts })
    const points = some.map(({ title, text, tags = [] }, offset) => ({
      // The same job tried again writes the same points.
      id: documents.length === 1 ? jobId : `${jobId}-${at + offset}`,
      vector: vectors[offset],
      payload: { title, text: text.slice(0, 2000), tags, at: new Date().toISOString() },
    }))
    await ask(`${process.env.VECTORS_URL}/points`, 'PUT', { points })
  }
  indexed.inc({}, documents.length)
}

const tableOf = async (file) => {
  try {
    const rows = readTable(file, await readFile(join(uploads, file)))
    return rows.map(({ title, text, tags = '' }) => ({
      ...{ title, text },
      tags: tags.split(';').flatMap((tag) => (tag.trim() === '' ? [] : [tag.trim()])),
    }))
  } catch (error) {
    if (error instanceof BadTable) throw new BadMessage(error.message, { cause: error })
    throw error
  }
}

const carryOut = async ({ id, job }) => {
  const { kind, document, file } = jobs.check(job)
  const documents =
    kind === 'table' ? await tracer.span('read table', () => tableOf(file)) : [document]
  await index(documents, id)
  await purgeTag(redis, 'documents')
  return documents.length
}

const tryJob = async (taken) => {
  const startedAt = performance.now()
  try {
    const count = await tracer.span(`job ${taken.job.kind}`, () => carryOut(taken), { header: '' })
    await jobs.done(taken.id, count)
    if (taken.job.file !== undefined) await unlink(join(uploads, taken.job.file)).catch(() => {})
    finished.inc({ outcome: 'done' })
    app.log.info('job done', { job: taken.id, documents: count, tries: taken.tries })
  } catch (error) {
    const isOver = await jobs.failed(taken, error)
    finished.inc({ outcome: isOver ? 'failed' : 'again' })
    const group = await errors.add('worker', taken.job.kind, error)
    app.log.warn('job failed', {
      job: taken.id,
      tries: taken.tries,
      isOver,
      group,
      reason: error.message,
    })
  } finally {
    seconds.observe((performance.now() - startedAt) / 1000)
  }
}

let isStopping = false
const work = async () => {
  while (!isStopping) {
    try {
      const taken = await jobs.take(blocking)
      if (taken !== undefined) await tryJob(taken)
    } catch (error) {
      if (isStopping) return
      app.log.warn('cannot work', { reason: error.message })
      await sleep(1000)
    }
  }
}

app.get(
  '/health',
  healthOf(() => redis.check()),
)
app.get('/metrics', async () => {
  waiting.set(await jobs.depth())
  return metricsPage()
})

const worked = work()
const reviving = setInterval(() => {
  void jobs.revive().catch((error) => app.log.warn('jobs wait', { reason: error.message }))
}, reviveEveryMs)
app.onStop(async () => {
  isStopping = true
  clearInterval(reviving)
  await Promise.race([worked, sleep(4000)])
})
app.onStop(() => tracer.close())
app.onStop(() => {
  blocking.close()
  redis.close()
})
await app.listen(process.env.PORT, process.env.HOST)
