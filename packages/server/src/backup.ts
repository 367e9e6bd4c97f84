import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { createBackup, restoreBackup, verifyBackup } from './kernel/backup/index.ts'
import type { AppliedMigration, BackupManifest } from './kernel/backup/index.ts'
import { parseEnv } from './kernel/env.ts'
import { AppError, messageOf } from './kernel/errors.ts'
import { createLog } from './kernel/log.ts'
import { migrate } from './kernel/migrations.ts'
import { lockDataFolder } from './kernel/postgres/index.ts'
import { withDatabase } from './kernel/with-database.ts'
import { migrationSources } from './graph.ts'

/** The program behind `keelson backup`: create, restore or verify one file. */

const exitUsage = 2
const stderr = { write: (line: string): void => void process.stderr.write(line) }
const log = createLog({ level: 'warn', target: 'backup', destination: stderr })

const versionOf = async (): Promise<string> => {
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

/** Brings an empty database to the state the backup was taken in. */
const migrateTo = async (url: string, applied: readonly AppliedMigration[]): Promise<void> => {
  const upTo = Object.fromEntries(migrationSources.map(({ domain }) => [domain, 0]))
  for (const { domain, number } of applied) upTo[domain] = Math.max(upTo[domain] ?? 0, number)
  await migrate(url, migrationSources, { log, upTo })
}

const run = async (verb: string, file: string, force: boolean): Promise<BackupManifest> => {
  const env = parseEnv(process.env)
  switch (verb) {
    case 'create': {
      const program = await versionOf()
      return withDatabase(env, log, (connectionString) =>
        createBackup({ connectionString, file, program, log }),
      )
    }
    case 'restore': {
      // A running Keelson would go on with what it has in memory: it must not run.
      const lock = await lockDataFolder(env.dataDir)
      try {
        return await withDatabase(env, log, (connectionString) =>
          restoreBackup({ connectionString, file, force, log, migrate: migrateTo }),
        )
      } finally {
        lock.release()
      }
    }
    case 'verify':
      return verifyBackup({ file })
    default:
      throw new AppError('bad_request', { message: `backup has no verb ${verb}` })
  }
}

const done: Record<string, string> = { create: 'Written', restore: 'Restored', verify: 'Whole' }

const describe = (verb: string, file: string, manifest: BackupManifest): string => {
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0)
  return [
    `${done[verb] ?? verb}: ${file}`,
    `  made ${manifest.createdAt} by Keelson ${manifest.program} on PostgreSQL ${manifest.server}`,
    `  ${manifest.tables.length} tables, ${rows} rows; every checksum fits`,
    `  ${manifest.excludes}`,
  ].join('\n')
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    force: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const [verb = '', file = ''] = positionals
try {
  const manifest = await run(verb, file, values.force)
  console.log(values.json ? JSON.stringify(manifest) : describe(verb, file, manifest))
} catch (error) {
  const hint = error instanceof AppError ? `\n  Try: ${error.hint}` : ''
  process.stderr.write(`✗ ${messageOf(error)}${hint}\n`)
  process.exitCode = error instanceof AppError && error.code === 'bad_request' ? exitUsage : 1
}
