// Backups: all domains at once, on a clock, tried out after they were made, the oldest deleted.
import { mkdirSync } from 'node:fs'
import { readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { openDatabase } from '../../../shared/database.mjs'
import { Counter, Gauge } from '../../../shared/metrics.mjs'
import { createService, healthOf, json, metricsPage } from '../../../shared/service.mjs'
import { openKeys } from '../../lib/keys.mjs'
import { tryRestore, writeBackup } from './dump.mjs'

const folder = process.env.BACKUP_FOLDER ?? '/backups'
const everyMs = Number(process.env.BACKUP_EVERY_MINUTES ?? 60) * 60_000
const keepMax = Number(process.env.BACKUP_KEEP ?? 24)
const fileName = /^opsconductor-[\dTZ.-]+\.jsonl\.gz$/

const app = createService('backup')
const keys = openKeys(process.env.KEYS_FOLDER ?? '/keys')
const database = openDatabase({
  url: keys.withPassword(process.env.DATABASE_URL),
  name: 'opsconductor/backup',
  log: app.log,
})
const backups = new Counter({
  name: 'opsconductor_backups_total',
  help: 'Backups by outcome',
  labelled: true,
})
const lastGood = new Gauge({
  name: 'opsconductor_backup_last_success_timestamp_seconds',
  help: 'When the last backup was made and read back',
})
const lastRows = new Gauge({ name: 'opsconductor_backup_rows', help: 'Rows in the last backup' })
mkdirSync(folder, { recursive: true, mode: 0o700 })

const list = async () => {
  const names = (await readdir(folder)).filter((name) => fileName.test(name)).toSorted()
  return Promise.all(
    names.map(async (name) => ({ name, bytes: (await stat(join(folder, name))).size })),
  )
}

let running
let fault
const back = async () => {
  const name = `opsconductor-${new Date().toISOString().replaceAll(':', '-')}.jsonl.gz`
  const path = join(folder, name)
  try {
    await writeBackup(database, path)
    const rows = await tryRestore(database, path)
    for (const old of (await list()).slice(0, -keepMax)) await unlink(join(folder, old.name))
    backups.inc({ outcome: 'ok' })
    lastGood.set(Date.now() / 1000)
    lastRows.set(rows)
    fault = undefined
    app.log.info('backed up', { name, rows })
    return { name, rows }
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
  healthOf(async () => {
    await database.check()
    if (fault !== undefined) throw new Error(`the last backup failed: ${fault}`)
  }),
)
app.get('/metrics', metricsPage)
app.get('/backups', list)
app.post('/backups', async () => json(201, await backUp()))

const clock = setInterval(() => void backUp().catch(() => {}), everyMs)
app.onStop(() => clearInterval(clock))
app.onStop(() => running?.catch(() => {}))
app.onStop(() => database.close())
await app.listen(process.env.PORT, process.env.HOST)
await backUp().catch(() => {})
