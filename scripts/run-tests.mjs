// Runs test files with node:test and sums up: the inner half of `npm test`, on the repository's
// Node. Writes its totals as JSON to the file named by the first argument; the others filter files.
import { globSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { run } from 'node:test'
import { inspect } from 'node:util'
import { startTestPostgres } from '../packages/server/src/kernel/testing/postgres.ts'

const [, , totalsFile, ...filters] = process.argv
const cwd = process.cwd()

const fileTimeoutMs = 20 * 60_000
const outputLinesMax = 60

const totals = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] }
/** Last lines that each file printed; shown when it fails. */
const printed = new Map()
const counts = new Map()
const save = () => writeFileSync(totalsFile, JSON.stringify(totals))

const find = (...patterns) =>
  globSync(patterns, { cwd, exclude: (name) => name === 'node_modules' || name === 'dist' })
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .toSorted()

const relative = (file) => (file === undefined ? '' : path.relative(cwd, file))
const countOf = (file) => {
  const key = relative(file)
  const count = counts.get(key) ?? { passed: 0, failed: 0, skipped: 0, startedAt: Date.now() }
  counts.set(key, count)
  return count
}

/** The error a person needs: of the test itself, not of the parent that reports it. */
const describeError = (error) => {
  const cause = error?.cause ?? error
  if (!(cause instanceof Error) && typeof cause !== 'object') return String(cause)
  return inspect(cause, { colors: false, depth: 4, maxArrayLength: 20, maxStringLength: 4000 })
}

const isGroup = (data) => data.details?.type === 'suite'
/** A parent fails because of its children, which are reported by themselves. */
const failedByChildren = (data) => data.details?.error?.failureType === 'subtestsFailed'

const onPass = (data) => {
  if (isGroup(data)) return
  if (data.skip !== undefined || data.todo !== undefined) {
    const reason = typeof data.skip === 'string' && data.skip !== '' ? data.skip : 'no reason given'
    totals.skipped += 1
    countOf(data.file).skipped += 1
    totals.skips.push({ reason, name: data.name, file: relative(data.file) })
    console.log(`- ${relative(data.file)}: ${data.name}\n  SKIPPED: ${reason}`)
    return
  }
  totals.passed += 1
  countOf(data.file).passed += 1
}

const onFail = (data) => {
  if (failedByChildren(data)) return
  totals.failed += 1
  countOf(data.file).failed += 1
  const failure = {
    name: data.name,
    file: relative(data.file),
    line: data.line ?? 0,
    error: describeError(data.details?.error),
    output: (printed.get(relative(data.file)) ?? []).join('\n'),
  }
  totals.failures.push(failure)
  console.log(`✗ ${failure.file}:${failure.line} ${failure.name}`)
  console.log(failure.error.replaceAll(/^/gm, '    '))
}

const onOutput = (data) => {
  const lines = printed.get(relative(data.file)) ?? []
  lines.push(...data.message.trimEnd().split('\n'))
  printed.set(relative(data.file), lines.slice(-outputLinesMax))
}

const onSummary = (data) => {
  if (data.file === undefined) return
  const { passed, failed, skipped } = countOf(data.file)
  const parts = [`${passed} passed`]
  if (failed > 0) parts.push(`${failed} failed`)
  if (skipped > 0) parts.push(`${skipped} skipped`)
  const seconds = (data.duration_ms / 1000).toFixed(1)
  console.log(
    `${failed > 0 ? '✗' : '✓'} ${relative(data.file)} (${parts.join(', ')}, ${seconds} s)`,
  )
  save()
}

const round = async (files, concurrency) => {
  if (files.length === 0) return
  const stream = run({ files, concurrency, timeout: fileTimeoutMs, isolation: 'process', cwd })
  stream.on('test:pass', onPass)
  stream.on('test:fail', onFail)
  stream.on('test:stdout', onOutput)
  stream.on('test:stderr', onOutput)
  stream.on('test:summary', onSummary)
  // The stream ends once everything has been reported, and not before it is read.
  await stream.forEach(() => {})
}

save()
// One server for all test files, each with databases of its own on it.
const postgres = await startTestPostgres({ settings: { max_connections: '500' } })
process.env.TEST_RUN_POSTGRES = postgres.connectionString
await Promise.all([
  round(find('packages/*/src/**/*.test.{ts,tsx}', 'packages/*/scripts/**/*.test.ts'), 2),
  // End to end one file at a time, as some need fixed ports; and beside the others, as each mostly
  // waits for the whole Keelson that it brings up.
  round(find('test/**/*.test.ts'), 1),
])
await postgres[Symbol.asyncDispose]()
save()
process.exitCode = totals.failed === 0 ? 0 : 1
