/**
 * A stack comes up, idles and is updated: `node bench/stack/run.ts [up] [containers] [idle] [update]`.
 *
 * - up: 30 processes that do nothing, six chains of five, `keelson up -d --wait` on a running platform.
 * - containers: 10 local containers with health checks in two levels, against
 *   `docker-compose up -d --wait` on the same engine, interleaved, medians of five.
 * - idle: processor and memory of the control process with 100 supervised instances.
 * - update: three replicas exchanged under 500 requests a second, processes and containers.
 *
 * Everything is the real product, started by its own command, on a folder and an engine of its own.
 * Prints a Markdown table; ends with exit code 1 when a target is missed.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startDocker } from '../../packages/server/src/orchestrator/runtime-container/docker-harness.ts'
import { createKeelson, runProgram, type Keelson } from '../../test/harness.ts'
import { healthyContainers, processChains, replicas } from './compose-files.ts'
import { startLoad } from './load.ts'

type Row = { what: string; value: number; unit: string; target: number }

const rounds = 5
const idleMs = 30_000
const image = 'keelson-bench/busybox:local'
const ticksPerSecond = 100
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}

/** A platform that runs, with one process that does nothing. */
const withKeelson = async (
  env: Record<string, string>,
  work: (keelson: Keelson) => Promise<Row[]>,
): Promise<Row[]> => {
  const keelson = await createKeelson({ env })
  try {
    const first = await processChains(join(keelson.dataDir, 'warm'), 'warm', 1, 1)
    await keelson.run(['up', '-d', '--wait', '--progress', 'plain', '-q'], { cwd: first })
    const rows = await work(keelson)
    await keelson.run(['down', '--all'])
    await keelson.assertNothingLeft()
    return rows
  } finally {
    await keelson.dispose()
  }
}

const up = ['up', '-d', '--wait', '--progress', 'plain', '-q']

const measureUp = (): Promise<Row[]> =>
  withKeelson({}, async (keelson) => {
    const cwd = await processChains(join(keelson.dataDir, 'chains'), 'chains', 6, 5)
    const times: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      times.push(await timed(() => keelson.run(up, { cwd })))
      await keelson.run(['down'], { cwd })
    }
    return [{ what: '30 processes up', value: median(times), unit: 'ms', target: 3000 }]
  })

const withEngine = async (work: (host: string) => Promise<Row[]>): Promise<Row[]> => {
  const engine = await startDocker()
  if ('unavailable' in engine) throw new Error(`no Docker Engine: ${engine.unavailable}`)
  try {
    await engine.makeImage(image)
    return await work(`unix://${engine.socket}`)
  } finally {
    await engine.stop()
  }
}

const measureContainers = (): Promise<Row[]> =>
  withEngine((host) =>
    withKeelson({ DOCKER_HOST: host }, async (keelson) => {
      const cwd = await healthyContainers(join(keelson.dataDir, 'ten'), image, 10)
      const env = { PATH: process.env['PATH'] ?? '', DOCKER_HOST: host, HOME: keelson.dataDir }
      const compose = async (...args: string[]): Promise<void> => {
        const result = await runProgram('docker-compose', args, { cwd, env })
        if (result.code !== 0) throw new Error(`docker-compose ${args.join(' ')}: ${result.stderr}`)
      }
      const version = (await runProgram('docker-compose', ['version', '--short'], { env })).stdout
      const times: { ours: number; theirs: number }[] = []
      for (let round = 0; round < rounds; round += 1) {
        const ours = await timed(() => keelson.run(up, { cwd }))
        await keelson.run(['down'], { cwd })
        const theirs = await timed(() => compose('up', '-d', '--wait'))
        await compose('down', '-t', '1')
        times.push({ ours, theirs })
      }
      const theirs = median(times.map((one) => one.theirs))
      console.log(`docker-compose ${version.trim()}: median ${Math.round(theirs)} ms`)
      const ours = median(times.map((one) => one.ours))
      return [
        {
          what: '10 containers up, against docker-compose',
          value: ours,
          unit: 'ms',
          target: theirs,
        },
      ]
    }),
  )

/** Processor time of a process since it began, in seconds. */
const cpuSeconds = async (pid: number): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

const residentMb = async (pid: number): Promise<number> =>
  (Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1]) * 4096) / 1e6

const measureIdle = (): Promise<Row[]> =>
  withKeelson({}, async (keelson) => {
    const cwd = await processChains(join(keelson.dataDir, 'hundred'), 'hundred', 20, 5)
    await keelson.run(up, { cwd })
    const file = await readFile(join(keelson.dataDir, 'platform.json'), 'utf8')
    const { pid } = JSON.parse(file) as { pid: number }
    await sleep(15_000)
    const before = await cpuSeconds(pid)
    await sleep(idleMs)
    const share = ((await cpuSeconds(pid)) - before) / (idleMs / 1000)
    const memory = await residentMb(pid)
    await keelson.run(['down'], { cwd })
    return [
      {
        what: 'control, 100 instances, idle: of one core',
        value: share * 100,
        unit: '%',
        target: 1,
      },
      { what: 'control, 100 instances: resident', value: memory, unit: 'MB', target: 150 },
    ]
  })

const updateUnderLoad = async (
  keelson: Keelson,
  runtime: Parameters<typeof replicas>[1],
): Promise<Row[]> => {
  const folder = join(keelson.dataDir, `rolling-${runtime.kind}`)
  const cwd = await replicas(folder, runtime, 1)
  await keelson.run(up, { cwd })
  const stop = startLoad(`${keelson.gateway}/`, 500)
  await sleep(1000)
  await replicas(folder, runtime, 2)
  const tookMs = await timed(() => keelson.run(up, { cwd }))
  await sleep(2000)
  const { requests, failures, slowestMs } = await stop()
  const failed = [...failures.values()].reduce((sum, count) => sum + count, 0)
  for (const [what, count] of failures) console.log(`${runtime.kind}: ${count} × ${what}`)
  console.log(
    `${runtime.kind}: took ${Math.round(tookMs)} ms, slowest answer ${Math.round(slowestMs)} ms`,
  )
  await keelson.run(['down'], { cwd })
  const what = `update of 3 ${runtime.kind} replicas: failed of ${requests}`
  return [{ what, value: failed, unit: '', target: 0 }]
}

const measureUpdate = (): Promise<Row[]> =>
  withEngine((host) =>
    withKeelson({ DOCKER_HOST: host }, async (keelson) => [
      ...(await updateUnderLoad(keelson, {
        kind: 'process',
        server: join(import.meta.dirname, 'server.mjs'),
      })),
      ...(await updateUnderLoad(keelson, { kind: 'container', image })),
    ]),
  )

const parts = {
  up: measureUp,
  containers: measureContainers,
  idle: measureIdle,
  update: measureUpdate,
}
const isPart = (name: string): name is keyof typeof parts => Object.hasOwn(parts, name)
const asked = process.argv.slice(2).filter(isPart)
const rows: Row[] = []
for (const name of asked.length > 0 ? asked : Object.keys(parts).filter(isPart)) {
  rows.push(...(await parts[name]()))
}

console.log('| what | figure | target |\n|---|---|---|')
for (const { what, value, unit, target } of rows) {
  const figure = value < 10 ? value.toFixed(2) : String(Math.round(value))
  console.log(`| ${what} | ${figure} ${unit} | ≤ ${Math.round(target)} ${unit} |`)
}
process.exitCode = rows.every(({ value, target }) => value <= target) ? 0 : 1
