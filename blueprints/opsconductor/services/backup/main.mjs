// Backups: all domains at once, on a clock, tried out after they were made, the oldest deleted.
import { addBackups } from '../../../shared/backups.mjs'
import { openDatabase } from '../../../shared/database.mjs'
import { Counter, Gauge } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage } from '../../../shared/service.mjs'
import { openKeys } from '../../lib/keys.mjs'
import { tryRestore, writeBackup } from './dump.mjs'

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

const store = addBackups(app, {
  folder: process.env.BACKUP_FOLDER ?? '/backups',
  name: 'opsconductor',
  everyMs: Number(process.env.BACKUP_EVERY_MINUTES ?? 60) * 60_000,
  keepMax: Number(process.env.BACKUP_KEEP ?? 24),
  ...{ backups, lastGood },
  make: async (path) => {
    await writeBackup(database, path)
    const rows = await tryRestore(database, path)
    lastRows.set(rows)
    return { rows }
  },
})

app.get(
  '/health',
  healthOf(async () => {
    await database.check()
    store.check()
  }),
)
app.get('/metrics', metricsPage)

app.onStop(() => database.close())
await app.listen(process.env.PORT, process.env.HOST)
await store.backUp().catch(() => {})
