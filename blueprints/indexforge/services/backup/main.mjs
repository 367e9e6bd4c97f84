// Backups and retention: a snapshot of the vector store on a clock, read back and counted, the oldest
// deleted; and documents beyond their time are dropped.
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs'
import { readdir, rename, stat, unlink } from 'node:fs/promises'
import http from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { requestJson } from '../../../shared/http-client.mjs'
import { Counter, Gauge } from '../../../shared/metrics.mjs'
import { createService, healthOf, json, metricsPage } from '../../../shared/service.mjs'

const folder = process.env.BACKUP_FOLDER ?? '/backups'
const everyMs = Number(process.env.BACKUP_EVERY_MINUTES ?? 60) * 60_000
const keepMax = Number(process.env.BACKUP_KEEP ?? 24)
const retentionMs = Number(process.env.RETENTION_DAYS ?? 365) * 86_400_000
const fileName = /^documents-[\dTZ.-]+\.jsonl\.gz$/

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
mkdirSync(folder, { recursive: true, mode: 0o700 })

const list = async () => {
  const names = (await readdir(folder)).filter((name) => fileName.test(name)).toSorted()
  return Promise.all(
    names.map(async (name) => ({ name, bytes: (await stat(join(folder, name))).size })),
  )
}

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

let running
let fault
const back = async () => {
  const name = `documents-${new Date().toISOString().replaceAll(':', '-')}.jsonl.gz`
  const path = join(folder, name)
  try {
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
    for (const old of (await list()).slice(0, -keepMax)) await unlink(join(folder, old.name))
    backups.inc({ outcome: 'ok' })
    lastGood.set(Date.now() / 1000)
    fault = undefined
    app.log.info('backed up', { name, points })
    return { name, points }
  } catch (error) {
    backups.inc({ outcome: 'failed' })
    fault = error.message
    app.log.error('backup failed', { name, reason: error.message })
    throw error
  } finally {
    running = undefined
  }
}
/** One at a time: who asks meanwhile gets the one that runs. */
const backUp = () => (running ??= back())

app.get(
  '/health',
  healthOf(() => {
    if (fault !== undefined) throw new Error(`the last backup failed: ${fault}`)
  }),
)
app.get('/metrics', metricsPage)
app.get('/backups', list)
app.post('/backups', async () => json(201, await backUp()))

const clock = setInterval(() => void backUp().catch(() => {}), everyMs)
app.onStop(() => clearInterval(clock))
app.onStop(() => running?.catch(() => {}))
await app.listen(process.env.PORT, process.env.HOST)
await backUp().catch(() => {})
