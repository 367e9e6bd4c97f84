import { cpus } from 'node:os'
import { join } from 'node:path'
import { routesFile } from './kong-files.ts'
import { freePort, load, measure, medianOf, start, stop, type Sample } from './machine.ts'
import { keelsonWith, type Opponent } from './opponents.ts'

const command = join(import.meta.dirname, '../../packages/cli/src/main.ts')
const secondsPerRound = 3
/** From so many on, wrk and the origin leave two for the workers. */
const coresNeeded = 4

/**
 * One worker beside two. On one core: what it costs to have two. On all: what a second one brings, as
 * far as wrk and the origin leave it a core.
 */
export const workers = async (
  folder: string,
  originPort: number,
  rounds: number,
): Promise<void> => {
  const allCores = cpus().map((_, core) => core)
  const served = async (count: number): Promise<Opponent> => {
    const port = await freePort()
    const plain = keelsonWith({ folder, originPort, port }, 'workers', routesFile(originPort, 1))
    const file = plain.environment?.['KONG_FILE'] ?? ''
    const options = ['--port', String(port), '--workers', String(count)]
    const name = count === 1 ? 'one worker' : `${count} workers`
    return {
      ...plain,
      name,
      command: [process.execPath, command, 'gateway', 'serve', file, ...options],
    }
  }
  console.log('\n| cores | workers | requests per CPU-second (median) | requests/s (median) |')
  console.log('|---|---|---:|---:|')
  for (const cores of ['1', allCores.join()]) {
    const runners: { opponent: Opponent; pid: number; samples: Sample[] }[] = []
    for (const count of [1, 2]) {
      const opponent = await served(count)
      runners.push({ opponent, pid: await start(opponent, cores), samples: [] })
      load(opponent, 2)
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const { opponent, pid, samples } of runners) {
        samples.push(measure(opponent, pid, secondsPerRound))
      }
    }
    for (const { opponent, pid, samples } of runners) {
      const figures = (['perCpuSecond', 'perSecond'] as const).map((key) =>
        Math.round(medianOf(samples.map((sample) => sample[key]))).toLocaleString('en'),
      )
      console.log(`| ${cores} | ${opponent.name} | ${figures.join(' | ')} |`)
      await stop(pid)
    }
  }
  if (allCores.length >= coresNeeded) return
  console.log(
    `SKIPPED: 1.8 times the requests/s needs ${coresNeeded} cores; wrk and the origin take theirs`,
  )
}
