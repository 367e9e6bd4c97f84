/**
 * The gateway on this machine: `node bench/gateway/run.ts [case…]`, all cases without one.
 *
 * `plain`: requests per CPU-second of reverse proxies. Each is pinned to core 1; wrk (50 keep-alive
 * connections, small JSON) and the origin share core 0. The proxy's own processor time counts
 * (utime + stime of all its processes), so that a busy machine widens the spread and not the
 * verdict. Rounds are interleaved; medians are shown.
 * `tls`: the same with TLS in front, one certificate for all of them.
 * `plugins`, `routes-1000`, `routes-10000`, `consumers-1000`: the same of ours with a Kong file,
 * beside one that has a single route and nothing else.
 * `workers`: one worker beside two, on one core (what a second costs) and on all.
 * `latency`: what the gateway adds at 2,000 requests/s. `idle`: memory with 10,000 connections.
 * `swap`: 10,000 routes put into effect over and over at 2,000 requests/s, beside none.
 * `soak`: some million requests of all kinds, and whether anything has grown (BENCH_SOAK_REQUESTS).
 *
 * Needs Linux, wrk and nginx; other opponents that are absent are skipped, and said so.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'

import { plugins } from '../../packages/server/src/gateway/plugins/index.ts'
import { openLocalAuthority } from '../../packages/server/src/gateway/tls/local-authority.ts'
import { systemClock } from '../../packages/server/src/kernel/clock.ts'
import { benchKey, consumersFile, pluginsFile, routesFile } from './kong-files.ts'
import {
  freePort,
  load,
  measure,
  medianOf,
  megabytesOf,
  pace,
  start,
  stop,
  stopAll,
  type Paced,
  type Sample,
} from './machine.ts'
import {
  findCaddy,
  findFastifyProxy,
  findHaproxy,
  findHttpProxy,
  findNginx,
  findOrigin,
  keelson,
  keelsonWith,
  type Opponent,
  type Pair,
} from './opponents.ts'
import { soak } from './soak.ts'
import { swap } from './swap.ts'
import { workers } from './workers.ts'

const rounds = Number(process.env['BENCH_ROUNDS'] ?? 5)
const secondsPerRound = Number(process.env['BENCH_SECONDS'] ?? 3)
const folder = mkdtempSync(join(tmpdir(), 'keelson-bench-gateway-'))

type Headers = Readonly<Record<string, string>>
type Runner = { opponent: Opponent; headers: Headers; pid: number; samples: Sample[] }

/** Interleaved rounds of all of them, after one that warms up compilers and pools. */
const race = (runners: readonly Runner[]): void => {
  for (const { opponent, headers } of runners) load(opponent, 2, headers)
  for (let round = 0; round < rounds; round += 1) {
    for (const { opponent, headers, pid, samples } of runners) {
      samples.push(measure(opponent, pid, secondsPerRound, headers))
    }
  }
}

const runnerOf = async (opponent: Opponent, headers: Headers = {}): Promise<Runner> => ({
  opponent,
  headers,
  pid: await start(opponent, 1, headers),
  samples: [],
})

const proxies = async (originPort: number, pair?: Pair): Promise<void> => {
  const runners: Runner[] = []
  const finders = { keelson, findNginx, findHaproxy, findCaddy, findHttpProxy, findFastifyProxy }
  for (const [name, find] of Object.entries(finders)) {
    const place = { folder, originPort, port: await freePort() }
    const opponent = find(pair === undefined ? place : { ...place, pair })
    if (opponent === undefined) console.log(`SKIPPED: ${name.replace('find', '')} is not installed`)
    else runners.push(await runnerOf(opponent))
  }
  race(runners)
  const rows = runners.map(({ opponent, samples }) => ({ ...figuresOf(samples), ...opponent }))
  const ours = rows[0]?.median ?? 0
  console.log(
    '\n| proxy | requests per CPU-second (median) | lowest–highest | requests/s | ours/it |',
  )
  console.log('|---|---:|---:|---:|---:|')
  for (const { name, median, low, high, perSecond } of rows) {
    const ratio = (ours / median).toFixed(2)
    const range = `${whole(low)}–${whole(high)}`
    console.log(`| ${name} | ${whole(median)} | ${range} | ${whole(perSecond)} | ${ratio} |`)
  }
  for (const { pid } of runners) await stop(pid)
}

/** A certificate for localhost, with its key. */
const makePair = async (): Promise<Pair> => {
  const authority = await openLocalAuthority(folder, systemClock)
  const { cert, key } = await authority.leafFor('localhost')
  const pair = { cert: join(folder, 'leaf.pem'), key: join(folder, 'leaf.key') }
  writeFileSync(pair.cert, cert)
  writeFileSync(pair.key, key, { mode: 0o600 })
  return pair
}

/** Kong files, each with what its clients send and what it may cost of the throughput. */
const files: Record<
  string,
  { file: (originPort: number) => string; headers: Headers; most: string }
> = {
  plugins: {
    file: (originPort) => pluginsFile(originPort, plugins.has('prometheus')),
    headers: { apikey: benchKey },
    most: '24 %',
  },
  'routes-1000': { file: (originPort) => routesFile(originPort, 1000), headers: {}, most: '10 %' },
  'routes-10000': {
    file: (originPort) => routesFile(originPort, 10_000),
    headers: {},
    most: '15 %',
  },
  'consumers-1000': {
    file: (originPort) => consumersFile(originPort, 1000),
    headers: { apikey: benchKey },
    most: '10 % beside one consumer',
  },
}

/** What the file beside it holds: the same with as little as possible. */
const baseOf = (name: string, originPort: number): string =>
  name === 'consumers-1000' ? consumersFile(originPort, 1) : routesFile(originPort, 1)

const withFile = async (name: string, originPort: number): Promise<void> => {
  const wanted = files[name]
  if (wanted === undefined) throw new Error(`There is no case ${name}`)
  if (name === 'plugins' && !plugins.has('prometheus'))
    console.log('SKIPPED: prometheus is not there')
  const at = async () => ({ folder, originPort, port: await freePort() })
  const base = keelsonWith(await at(), `${name}-base`, baseOf(name, originPort))
  const full = keelsonWith(await at(), name, wanted.file(originPort))
  const runners = [await runnerOf(base, wanted.headers), await runnerOf(full, wanted.headers)]
  race(runners)
  const [without = 0, within = 0] = runners.map(({ samples }) => figuresOf(samples).median)
  const cost = ((1 - within / without) * 100).toFixed(1)
  console.log(`\n| case | without | with | cost | at most |\n|---|---:|---:|---:|---:|`)
  console.log(`| ${name} | ${whole(without)} | ${whole(within)} | ${cost} % | ${wanted.most} |`)
  for (const { pid } of runners) await stop(pid)
}

const latency = async (originPort: number): Promise<void> => {
  const ours = await runnerOf(keelson({ folder, originPort, port: await freePort() }))
  load(ours.opponent, 2)
  const direct: Paced[] = []
  const through: Paced[] = []
  for (let round = 0; round < rounds; round += 1) {
    direct.push(await pace(originPort, 5))
    through.push(await pace(ours.opponent.port, 5))
  }
  console.log('\n| 2,000 requests/s, open loop | origin | through the gateway | added | at most |')
  console.log('|---|---:|---:|---:|---:|')
  for (const [key, most] of [
    ['p50', '0.5 ms'],
    ['p99', '3 ms'],
  ] as const) {
    const [without, within] = [direct, through].map((all) => medianOf(all.map((one) => one[key])))
    const added = (within ?? 0) - (without ?? 0)
    const figures = [without ?? 0, within ?? 0, added].map((ms) => `${ms.toFixed(2)} ms`)
    console.log(`| ${key} | ${figures.join(' | ')} | ${most} |`)
  }
  const failed = through.reduce((sum, one) => sum + one.total - one.answered, 0)
  console.log(`| not answered | – | ${failed} | – | 0 |`)
  await stop(ours.pid)
}

const idle = async (originPort: number): Promise<void> => {
  const ours = await runnerOf(keelson({ folder, originPort, port: await freePort() }))
  load(ours.opponent, 2)
  const before = megabytesOf(ours.pid)
  const script = join(import.meta.dirname, 'idle.ts')
  const holder = spawn(process.execPath, [script, String(ours.opponent.port), '10000'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const gone = once(holder, 'exit')
  await Promise.race([once(holder.stdout, 'data'), gone])
  if (holder.exitCode !== null) throw new Error('10,000 connections could not be opened')
  const within = megabytesOf(ours.pid)
  holder.stdin.end()
  await gone
  console.log(
    '\n| memory | before | with 10,000 idle connections | at most |\n|---|---:|---:|---:|',
  )
  console.log(`| resident | ${whole(before)} MB | ${whole(within)} MB | 250 MB |`)
  await stop(ours.pid)
}

const figuresOf = (samples: readonly Sample[]) => {
  const figures = samples.map((sample) => sample.perCpuSecond)
  return {
    median: medianOf(figures),
    low: Math.min(...figures),
    high: Math.max(...figures),
    perSecond: medianOf(samples.map((sample) => sample.perSecond)),
  }
}

const whole = (figure: number): string => Math.round(figure).toLocaleString('en')

const run = async (): Promise<void> => {
  if (cpus().length < 2) throw new Error('Two processor cores are needed, one for the proxy alone')
  const origin = findOrigin({ folder, port: await freePort() })
  if (origin === undefined) throw new Error('nginx is needed as the origin: apt install nginx')
  await start(origin, 0)
  const named = process.argv.slice(2)
  const cases =
    named.length > 0 ? named : ['plain', 'tls', ...Object.keys(files), 'latency', 'idle', 'swap']
  console.log(
    `${rounds} rounds of ${secondsPerRound} s, ${cpus()[0]?.model ?? 'unknown processor'}, node ${process.version}`,
  )
  for (const name of cases) {
    if (name === 'plain') await proxies(origin.port)
    else if (name === 'tls') await proxies(origin.port, await makePair())
    else if (name === 'swap') await swap(origin.port, rounds)
    else if (name === 'workers') await workers(folder, origin.port, rounds)
    else if (name === 'soak') await soak(origin.port, await makePair())
    else if (name === 'latency') await latency(origin.port)
    else if (name === 'idle') await idle(origin.port)
    else await withFile(name, origin.port)
  }
}

try {
  await run()
} finally {
  await stopAll()
  rmSync(folder, { recursive: true, force: true })
}
