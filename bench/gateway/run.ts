/**
 * Requests per CPU-second of reverse proxies on this machine: `node bench/gateway/run.ts`.
 *
 * Each proxy is pinned to core 1; wrk (50 keep-alive connections, small JSON) and the origin
 * share core 0. The proxy's own processor time counts (utime + stime of all its processes), so
 * that a busy machine widens the spread and not the verdict. Rounds are interleaved; the median
 * is shown. Needs Linux, wrk and nginx; other opponents that are absent are skipped, and said so.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'

import {
  findCaddy,
  findHaproxy,
  findHttpProxy,
  findNginx,
  findOrigin,
  keelson,
  type Opponent,
} from './opponents.ts'

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5)
const secondsPerRound = Number(process.env['BENCH_SECONDS'] ?? 3)
const connections = 50
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

const folder = mkdtempSync(join(tmpdir(), 'keelson-bench-gateway-'))
const children: ChildProcess[] = []

const start = async (opponent: Opponent, core: number): Promise<number> => {
  const child = spawn('taskset', ['-c', String(core), ...opponent.command], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...opponent.environment },
  })
  children.push(child)
  let said = ''
  child.stderr?.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-2000)))
  const deadline = Date.now() + 10_000
  for (;;) {
    const body = await fetch(`http://127.0.0.1:${opponent.port}/`).then(
      (response) => response.text(),
      () => '',
    )
    if (body.includes('"lamp"')) return child.pid ?? 0
    if (Date.now() > deadline) throw new Error(`${opponent.name} does not answer: ${said}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

/** Fields of /proc/<pid>/stat after the command name, which may hold spaces. */
const statOf = (pid: string): string[] => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return [] // ended meanwhile
  }
}

/** Processor seconds of a process and all below it. */
const cpuSecondsOf = (pid: number): number => {
  const all = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
  const parents = new Map(all.map((entry) => [entry, statOf(entry)[1]] as const))
  const tree = new Set([String(pid)])
  for (let grown = true; grown;) {
    grown = false
    for (const [entry, parent] of parents) {
      if (parent === undefined || tree.has(entry) || !tree.has(parent)) continue
      tree.add(entry)
      grown = true
    }
  }
  let ticks = 0
  for (const entry of tree) {
    const stat = statOf(entry)
    ticks += Number(stat[11] ?? 0) + Number(stat[12] ?? 0)
  }
  return ticks / ticksPerSecond
}

type Sample = { perCpuSecond: number; perSecond: number; p99: string }

const load = (port: number, seconds: number): string =>
  execFileSync(
    'taskset',
    ['-c', '0', 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', urlOf(port)],
    { encoding: 'utf8', timeout: (seconds + 20) * 1000 },
  )
const urlOf = (port: number): string => `http://127.0.0.1:${port}/products/42?full=1`

const measure = (opponent: Opponent, pid: number): Sample => {
  const before = cpuSecondsOf(pid)
  const report = load(opponent.port, secondsPerRound)
  const cpuSeconds = cpuSecondsOf(pid) - before
  if (/Non-2xx|Socket errors/.test(report)) {
    throw new Error(`${opponent.name} answered with errors:\n${report}`)
  }
  const requests = Number(/(\d+) requests in/.exec(report)?.[1] ?? 0)
  return {
    perCpuSecond: requests / cpuSeconds,
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(report)?.[1] ?? 0),
    p99: /99%\s+(\S+)/.exec(report)?.[1] ?? '',
  }
}

const medianOf = (figures: readonly number[]): number =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0

const run = async (): Promise<void> => {
  if (cpus().length < 2) throw new Error('Two processor cores are needed, one for the proxy alone')
  const origin = findOrigin({ folder, port: await freePort() })
  if (origin === undefined) throw new Error('nginx is needed as the origin: apt install nginx')
  await start(origin, 0)

  const opponents: { opponent: Opponent; pid: number; samples: Sample[] }[] = []
  const finders = { keelson, findNginx, findHaproxy, findCaddy, findHttpProxy }
  for (const [name, find] of Object.entries(finders)) {
    const opponent = find({ folder, originPort: origin.port, port: await freePort() })
    if (opponent === undefined) {
      console.log(`SKIPPED: ${name.replace('find', '')} is not installed`)
      continue
    }
    opponents.push({ opponent, pid: await start(opponent, 1), samples: [] })
  }
  for (const { opponent } of opponents) load(opponent.port, 2) // warms up compilers and pools
  for (let round = 0; round < rounds; round += 1) {
    for (const { opponent, pid, samples } of opponents) samples.push(measure(opponent, pid))
  }
  print(opponents)
}

const print = (results: { opponent: Opponent; samples: Sample[] }[]): void => {
  const rows = results.map(({ opponent, samples }) => {
    const figures = samples.map((sample) => sample.perCpuSecond)
    return {
      name: opponent.name,
      median: medianOf(figures),
      low: Math.min(...figures),
      high: Math.max(...figures),
      perSecond: medianOf(samples.map((sample) => sample.perSecond)),
      p99: samples.map((sample) => sample.p99).join(' '),
    }
  })
  const ours = rows[0]?.median ?? 0
  console.log(
    `\n${connections} keep-alive connections, small JSON, ${rounds} rounds of ${secondsPerRound} s, ` +
      `${cpus()[0]?.model ?? 'unknown processor'}, node ${process.version}\n`,
  )
  console.log(
    '| proxy | requests per CPU-second (median) | lowest–highest | requests/s | ours/it |',
  )
  console.log('|---|---|---|---|---|')
  for (const row of rows) {
    const [median, low, high, perSecond] = [row.median, row.low, row.high, row.perSecond].map(
      (figure) => Math.round(figure).toLocaleString('en'),
    )
    const ratio = (ours / row.median).toFixed(2)
    console.log(`| ${row.name} | ${median} | ${low}–${high} | ${perSecond} | ${ratio} |`)
  }
}

try {
  await run()
} finally {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null) return
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await gone
    }),
  )
  rmSync(folder, { recursive: true, force: true })
}
