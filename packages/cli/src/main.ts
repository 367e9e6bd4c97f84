import { enableCompileCache } from 'node:module'
import { readVersion } from './version.ts'

// Parsing and stripping types costs more than running: the second start finds both done.
enableCompileCache()

const [only, ...others] = process.argv.slice(2)
if (others.length === 0 && (only === '--version' || only === '-V')) {
  // Asked by scripts and by the impatient: nothing else is loaded.
  process.stdout.write(`${readVersion()}\n`)
} else if (only === '__prepare') {
  await import('./prepare.ts')
} else if (only === '__read') {
  const { answerReading } = await import('./read-files.ts')
  await answerReading()
} else if (only === '__gaps') {
  const { answerAudit } = await import('./audit-files.ts')
  await answerAudit()
} else {
  const { run } = await import('./run.ts')
  await run(process.argv)
}
