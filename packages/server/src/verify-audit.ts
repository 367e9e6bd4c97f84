import { parseArgs } from 'node:util'
import {
  checkpointFileIn,
  createCheckpointFile,
  verifyAudit,
  type Verification,
} from './kernel/audit/index.ts'
import { createDb } from './kernel/db.ts'
import { parseEnv } from './kernel/env.ts'
import { AppError, messageOf } from './kernel/errors.ts'
import { checkKeyring, openKeyring } from './kernel/keys/index.ts'
import { createLog } from './kernel/log.ts'
import { withDatabase } from './kernel/with-database.ts'

/** The program behind `keelson audit verify`: needs the database, the master key and nothing else. */

const exitFound = 7
const stderr = { write: (line: string): void => void process.stderr.write(line) }
const log = createLog({ level: 'warn', target: 'audit', destination: stderr })

const run = async (): Promise<Verification> => {
  const env = parseEnv(process.env)
  const source = { dataDir: env.dataDir, ...env.masterKey }
  // None is made: nothing would fit it.
  const keyring = await openKeyring(source, { hasSeenKeys: true })
  return withDatabase(env, log, async (connectionString) => {
    const db = createDb({ connectionString, log, poolMax: 2, applicationName: 'keelson audit' })
    try {
      await checkKeyring(db, keyring)
      const file = createCheckpointFile(checkpointFileIn(env.dataDir))
      return await verifyAudit({ db, keyring, file })
    } finally {
      await db.close()
    }
  })
}

const describe = (found: Verification): string => {
  const { rows, checkpoints, lastCheckpointAt, findings, findingsCount } = found
  const read = `${rows} rows and ${checkpoints} checkpoints`
  const until = lastCheckpointAt === null ? 'none is signed yet' : `signed ${lastCheckpointAt}`
  if (findingsCount === 0) return `Whole: ${read}, the last ${until}`
  const more = findingsCount - findings.length
  return [
    `✗ ${findingsCount} findings in ${read}`,
    ...findings.map((finding) => `  ${finding}`),
    ...(more === 0 ? [] : [`  and ${more} more`]),
  ].join('\n')
}

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
try {
  const found = await run()
  console.log(values.json ? JSON.stringify(found) : describe(found))
  if (found.findingsCount > 0) process.exitCode = exitFound
} catch (error) {
  const hint = error instanceof AppError ? `\n  Try: ${error.hint}` : ''
  process.stderr.write(`✗ ${messageOf(error)}${hint}\n`)
  process.exitCode = 1
}
