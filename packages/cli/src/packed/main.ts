/**
 * Entry of the published command: what needs no platform, on any Node from 20.19 on. Built by
 * scripts/pack.mjs; in the repository itself bin/keelson starts src/main.ts instead.
 */
import './older-node.ts'
import { offlineVerbs, refusePlatformVerbs } from './verbs.ts'
import { readVersion } from '../version.ts'

const [only, ...others] = process.argv.slice(2)
if (others.length === 0 && (only === '--version' || only === '-V')) {
  process.stdout.write(`${readVersion()}\n`)
} else {
  const { run } = await import('../run.ts')
  await run(process.argv, { prepare: (program) => refusePlatformVerbs(program, offlineVerbs) })
}
