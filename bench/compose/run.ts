/**
 * The compose loader on a stack of 57 services: `node bench/compose/run.ts [folder]`.
 *
 * First inside one process: the first load, and the median and the fastest of many. Then whole
 * processes that load and print the model, ours (the source as it is here, and the JavaScript that
 * is published) against `docker-compose config --format json`, in turns, medians of wall time and of
 * processor time. Without a folder the stack of the conformance
 * material; the opponent is skipped, and said so, when it is absent.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const repository = fileURLToPath(new URL('../..', import.meta.url))
const folder =
  process.argv[2] ??
  fileURLToPath(new URL('../../../shared/conformance/stacks/self-hosted', import.meta.url))
const rounds = Number(process.env['BENCH_ROUNDS'] ?? 11)
const warmLoads = Number(process.env['BENCH_LOADS'] ?? 60)

const median = (numbers: number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

const ms = (number: number): string => `${number.toFixed(1)} ms`

const timeInProcess = async () => {
  const { canonicalModel, loadProject } = await import('../../packages/compose/src/index.ts')
  const times: number[] = []
  const processor: number[] = []
  let services = 0
  for (let load = 0; load <= warmLoads; load++) {
    const started = performance.now()
    const before = process.cpuUsage()
    const project = await loadProject({ cwd: folder, env: process.env })
    const loaded = performance.now() - started
    const { user, system } = process.cpuUsage(before)
    processor.push((user + system) / 1000)
    services = Object.keys(project.services).length
    canonicalModel(project)
    times.push(loaded)
  }
  const [first = Number.NaN, ...warm] = times
  const settled = warm.slice(Math.floor(warm.length / 2))
  console.log(`\n${folder}: ${services} services\n`)
  console.log('| in one process | wall | processor |')
  console.log('|---|---|---|')
  console.log(`| first load | ${ms(first)} | ${ms(processor[0] ?? Number.NaN)} |`)
  const label = `median of the last ${settled.length} of ${warmLoads}`
  const settledProcessor = processor.slice(-settled.length)
  console.log(`| ${label} | ${ms(median(settled))} | ${ms(median(settledProcessor))} |`)
  console.log(`| fastest | ${ms(Math.min(...settled))} | ${ms(Math.min(...settledProcessor))} |`)
  return median(settled)
}

type Contender = { name: string; command: string; args: string[] }

const findOpponent = (): Contender | undefined => {
  const version = spawnSync('docker-compose', ['version', '--short'], { encoding: 'utf8' })
  if (version.status !== 0) return undefined
  const name = `docker-compose ${version.stdout.trim()} config`
  return { name, command: 'docker-compose', args: ['config', '--format', 'json'] }
}

/** Wall and processor time of one run, in ms; `time` counts what the child and its children use. */
const runOnce = ({ command, args }: Contender): { wall: number; cpu: number } => {
  const started = performance.now()
  const run = spawnSync('sh', ['-c', '"$@"; times', 'sh', command, ...args], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const wall = performance.now() - started
  if (run.status !== 0) throw new Error(`${command} failed: ${run.stderr.slice(0, 500)}`)
  const last = run.stdout.trimEnd().split('\n').at(-1) ?? ''
  const seconds = [...last.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
  )
  return { wall, cpu: seconds.reduce((sum, second) => sum + second, 0) * 1000 }
}

/** The package as it is published, in a folder of its own. */
const buildPublished = (): string => {
  const built = mkdtempSync(`${tmpdir()}/keelson-bench-compose-`)
  const project = `${repository}packages/compose/tsconfig.build.json`
  execFileSync(`${repository}node_modules/.bin/tsc`, ['-p', project, '--outDir', `${built}/dist`])
  symlinkSync(`${repository}node_modules`, `${built}/node_modules`)
  writeFileSync(`${built}/package.json`, '{"type":"module"}')
  const script = readFileSync(`${here}load-and-print.ts`, 'utf8')
  const door = '../../packages/compose/src/index.ts'
  writeFileSync(`${built}/load-and-print.js`, script.replace(door, './dist/index.js'))
  return built
}

const compareProcesses = (built: string) => {
  const command = process.execPath
  const ours: Contender[] = [
    { name: '@keelson/compose, published', command, args: [`${built}/load-and-print.js`] },
    { name: '@keelson/compose, source', command, args: [`${here}load-and-print.ts`] },
  ]
  const opponent = findOpponent()
  if (opponent === undefined) console.log('\nSKIPPED: docker-compose is not on the PATH')
  const contenders = opponent === undefined ? ours : [...ours, opponent]
  const results = new Map(contenders.map(({ name }) => [name, { wall: [0], cpu: [0] }]))
  for (const result of results.values()) result.wall.length = result.cpu.length = 0
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const { wall, cpu } = runOnce(contender)
      results.get(contender.name)?.wall.push(wall)
      results.get(contender.name)?.cpu.push(cpu)
    }
  }
  console.log(`\n| whole process, medians of ${rounds} rounds in turns | wall | processor |`)
  console.log('|---|---|---|')
  for (const [name, { wall, cpu }] of results) {
    console.log(`| ${name} | ${ms(median(wall))} | ${ms(median(cpu))} |`)
  }
  return opponent === undefined ? undefined : median(results.get(opponent.name)?.wall ?? [])
}

if (!existsSync(folder)) {
  console.log(`SKIPPED: there is no stack in ${folder}`)
} else {
  const built = buildPublished()
  try {
    const own = await timeInProcess()
    const theirs = compareProcesses(built)
    if (theirs !== undefined) {
      const times = (theirs / own).toFixed(1)
      console.log(`\nA load inside a process is ${times} times as fast as theirs with its start.`)
    }
  } finally {
    rmSync(built, { recursive: true, force: true })
  }
}
