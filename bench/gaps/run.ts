/**
 * The gap audit as whole processes: `node bench/gaps/run.ts [folder of stacks]`.
 *
 * Real stacks in one call (of the conformance material unless a folder is named), a made-up
 * repository of 60 services, and one of 10,000 files. Each is run several times after one that is not
 * counted; the median of wall time, the fastest, processor time and the peak of memory are printed and held to
 * their budgets: exit code 1 when one is missed. On a machine that is busy the fastest counts.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeLarge, writeStack } from './repositories.ts'

const script = fileURLToPath(new URL('audit.ts', import.meta.url))
const stacks =
  process.argv[2] ?? fileURLToPath(new URL('../../../shared/conformance/stacks', import.meta.url))
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5)

type Case = { name: string; root: string; wallMsMax: number; memoryMbMax: number }
type Taken = {
  wallMs: number
  processorMs: number
  memoryMb: number
  findings: number
  services: number
  notRead: number
}

const runOnce = (root: string): Taken => {
  const started = performance.now()
  const flags = ['--disable-warning=ExperimentalWarning', script, root]
  const { stdout, stderr, status } = spawnSync(process.execPath, flags, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return { ...(JSON.parse(stdout) as Omit<Taken, 'wallMs'>), wallMs: performance.now() - started }
}

const temporary = mkdtempSync(join(tmpdir(), 'keelson-bench-gaps-'))
const sixty = join(temporary, 'sixty')
const large = join(temporary, 'large')
try {
  writeStack(sixty)
  writeLarge(large)
  const cases: Case[] = [
    ...(existsSync(stacks)
      ? [{ name: 'real stacks, one call', root: stacks, wallMsMax: 5000, memoryMbMax: 400 }]
      : []),
    { name: '60 services', root: sixty, wallMsMax: 2000, memoryMbMax: 400 },
    { name: '10,000 files', root: large, wallMsMax: 5000, memoryMbMax: 400 },
  ]
  if (!existsSync(stacks)) console.log(`Left out: there are no stacks in ${stacks}`)
  console.log('| repository | services | findings | median | fastest | processor | memory |')
  console.log('|---|---|---|---|---|---|---|')
  for (const { name, root, wallMsMax, memoryMbMax } of cases) {
    runOnce(root)
    const taken = Array.from({ length: rounds }, () => runOnce(root))
    const sorted = taken.toSorted((a, b) => a.wallMs - b.wallMs)
    const [fastest] = sorted
    const median = sorted[Math.floor(sorted.length / 2)]
    if (fastest === undefined || median === undefined)
      throw new Error('BENCH_ROUNDS must be above 0')
    const memoryMb = Math.max(...taken.map((one) => one.memoryMb))
    const cells = [
      ...[name, fastest.services, fastest.findings],
      ...[median.wallMs, fastest.wallMs, fastest.processorMs].map(
        (time) => `${Math.round(time)} ms`,
      ),
      `${Math.round(memoryMb)} MB`,
    ]
    console.log(`| ${cells.join(' | ')} |`)
    if (fastest.notRead > 0) console.log(`${name}: ${fastest.notRead} notes of what was not read`)
    if (fastest.wallMs > wallMsMax || memoryMb > memoryMbMax) {
      console.log(`✗ ${name}: more than ${wallMsMax} ms or ${memoryMbMax} MB`)
      process.exitCode = 1
    }
  }
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
