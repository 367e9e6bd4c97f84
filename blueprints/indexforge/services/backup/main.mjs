// Backups and retention: a snapshot of the vector store on a clock, read back and counted, the oldest
// deleted; and documents beyond their time are dropped.
import { createReadStream, createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import http from 'node:http'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { addBackups } from '../../../shared/backups.mjs'
import { requestJson } from '../../../shared/http-client.mjs'
import { Counter, Gauge } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage } from '../../../shared/service.mjs'

const retentionMs = Number(process.env.RETENTION_DAYS ?? 365) * 86_400_000

const app = createService('backup')
const backups = new Counter({
  name: 'forge_backups_total',
  help: 'Backups by outcome',
  labelled: true,
})
const lastGood = new Gauge({
  name: 'forge_backup_last_success_timestamp_seconds',
  help: 'When the last backup was made and read back',
})
const dropped = new Counter({
  name: 'forge_documents_expired_total',
  help: 'Documents dropped because their time was over',
})

/** @returns how many points the store said there are */
const fetchSnapshot = (path) =>
  new Promise((resolve, reject) => {
    const request = http.get(
      `${process.env.VECTORS_URL}/snapshot`,
      { timeout: 60_000 },
      (response) => {
        if (response.statusCode !== 200) {
          response.resume()
          reject(new Error(`the vector store answered ${response.statusCode}`))
          return
        }
        const points = Number(response.headers['x-points'])
        pipeline(response, createGzip(), createWriteStream(path, { mode: 0o600 })).then(
          () => resolve(points),
          reject,
        )
      },
    )
    request.once('timeout', () => request.destroy(new Error('no snapshot in a minute')))
    request.once('error', reject)
  })

const countPoints = async (path) => {
  let count = 0
  const lines = createInterface({ input: createReadStream(path).pipe(createGunzip()) })
  for await (const line of lines) if (JSON.parse(line).put?.vector.length > 0) count += 1
  return count
}

const store = addBackups(app, {
  folder: process.env.BACKUP_FOLDER ?? '/backups',
  name: 'documents',
  everyMs: Number(process.env.BACKUP_EVERY_MINUTES ?? 60) * 60_000,
  keepMax: Number(process.env.BACKUP_KEEP ?? 24),
  ...{ backups, lastGood },
  make: async (path) => {
    const before = new Date(Date.now() - retentionMs).toISOString()
    const expired = await requestJson(
      `${process.env.VECTORS_URL}/points?before=${encodeURIComponent(before)}`,
      { method: 'DELETE' },
    )
    dropped.inc({}, expired.body?.dropped ?? 0)
    const wanted = await fetchSnapshot(`${path}.part`)
    const points = await countPoints(`${path}.part`)
    if (points !== wanted) throw new Error(`the snapshot holds ${points} points of ${wanted}`)
    await rename(`${path}.part`, path)
    return { points }
  },
})

app.get(
  '/health',
  healthOf(() => store.check()),
)
app.get('/metrics', metricsPage)

await app.listen(process.env.PORT, process.env.HOST)
await store.backUp().catch(() => {})
