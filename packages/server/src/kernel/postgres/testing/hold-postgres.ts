/**
 * A process that starts PostgreSQL for a folder and stays, for tests that kill it. Prints one
 * line of JSON: { pid, adopted, port } or { code, details }.
 */
import { startPostgres } from '../index.ts'
import { AppError } from '../../errors.ts'
import { createRecordingLog } from './ground.ts'

const [dataDir, nativeDir] = process.argv.slice(2)
try {
  const log = createRecordingLog()
  const pg = await startPostgres({ dataDir: dataDir!, nativeDir, log })
  const { pid, adopted, connection } = pg
  process.stdout.write(`${JSON.stringify({ pid, adopted, port: connection.port })}\n`)
  process.once('SIGTERM', () => void pg.stop())
} catch (thrown) {
  if (!(thrown instanceof AppError)) throw thrown
  process.stdout.write(`${JSON.stringify({ code: thrown.code, details: thrown.details })}\n`)
}
