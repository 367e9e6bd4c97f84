// Object storage on disk: buckets of files by key, each written whole or not at all.
import { createHash, randomUUID } from 'node:crypto'
import {
  access,
  constants,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { Counter } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage, raw, Refusal } from '../../../shared/service.mjs'
import { openTelemetry } from '../../lib/telemetry.mjs'

const writes = new Counter({ name: 'objects_written_total', help: 'Objects that were written' })
const writtenBytes = new Counter({ name: 'objects_written_bytes_total', help: 'What they held' })
const folder = process.env.OBJECTS_DIR ?? '/data'
const objectLimitBytes = 10 * 1024 * 1024
const listMax = 1000
const telemetry = openTelemetry('objects', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('objects', telemetry)

const placeOf = ([bucket, key]) => {
  if (!/^[a-z\d][a-z\d-]{1,62}$/.test(bucket)) {
    throw new Refusal(400, 'bucket: small letters, digits, -')
  }
  if (key !== undefined && !/^[\w-][\w.-]{0,199}$/.test(key)) {
    throw new Refusal(400, 'key: 1 to 200 letters, digits, . _ -')
  }
  return key === undefined ? join(folder, bucket) : join(folder, bucket, key)
}
const absent = (error) => {
  if (error.code === 'ENOENT') throw new Refusal(404, 'There is no such object')
  throw error
}
const etagOf = (bytes) => `"${createHash('sha256').update(bytes).digest('hex')}"`

const put = async ({ params, bytes }) => {
  const place = placeOf(params)
  const content = await bytes(objectLimitBytes)
  await mkdir(placeOf([params[0]]), { recursive: true })
  const half = join(folder, `.${randomUUID()}`)
  try {
    await writeFile(half, content, { flush: true })
    await rename(half, place)
  } catch (error) {
    await rm(half, { force: true })
    throw error
  }
  writes.inc()
  writtenBytes.inc({}, content.length)
  return { object: params.join('/'), bytes: content.length, etag: etagOf(content) }
}

const get = async ({ params, request }) => {
  const content = await readFile(placeOf(params)).catch(absent)
  const etag = etagOf(content)
  if (request.headers['if-none-match'] === etag) return raw(304, { etag }, '')
  return raw(200, { etag, 'content-type': 'application/octet-stream' }, content)
}

const list = async ({ params }) => {
  const names = await readdir(placeOf(params)).catch(absent)
  const objects = names.toSorted().slice(0, listMax)
  const sizes = await Promise.all(objects.map((key) => stat(placeOf([params[0], key]))))
  return { objects: objects.map((key, index) => ({ key, bytes: sizes[index].size })) }
}

app.get(
  '/health',
  healthOf(() => access(folder, constants.W_OK)),
)
app.get('/metrics', metricsPage)
app.get('/objects/:bucket', list)
app.get('/objects/:bucket/:key', get)
app.put('/objects/:bucket/:key', put)
app.delete('/objects/:bucket/:key', async ({ params }) => {
  await rm(placeOf(params)).catch(absent)
  return { removed: params.join('/') }
})
app.onStop(telemetry.close)
await mkdir(folder, { recursive: true })
await app.listen(process.env.PORT, process.env.HOST)
