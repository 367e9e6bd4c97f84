import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Instance, PsEntry } from '@keelson/contract'
import { createKeelson, root, waitFor } from '../harness.ts'
import { createRandom } from './random.ts'

// kill -9 of the control process alone, many times: nothing it runs may notice, no exit code and no
// log line of the time without it may be lost, and a restart that was acknowledged is carried out,
// once. By hand: KEELSON_KILL_ROUNDS=1000 npm test -- control-kills
const rounds = Number(process.env['KEELSON_KILL_ROUNDS'] ?? 10)
const seed = Number(process.env['KEELSON_CHAOS_SEED'] ?? Date.now() % 1_000_000)

const folder = path.join(root, 'test/fixtures/jobs')
const delayMsMax = 600
const replicas = 3

const linesOf = async (file: string): Promise<string[]> =>
  (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')

test(`kill -9 of the control process, ${rounds} rounds`, async (t) => {
  t.diagnostic(`seed ${seed}`)
  const random = createRandom(seed)
  const keelson = await createKeelson()
  t.after(() => keelson.dispose())
  const file = (name: string): string => path.join(keelson.dataDir, name)
  const env = {
    CODE_FILE: file('code'),
    RUNS_FILE: file('runs'),
    STARTS_FILE: file('starts.jsonl'),
  }
  await writeFile(env.CODE_FILE, '0')
  await keelson.run(['up', '-d', '--progress', 'plain'], { cwd: folder, env })

  const instances = (): Promise<PsEntry[]> =>
    keelson.call('listInstances', { query: { stack: 'jobs' } })
  const jobEnded = (): Promise<Instance> =>
    waitFor('the job has ended', async () => {
      const { instances } = await keelson.call('getService', { params: { name: 'jobs/job' } })
      return instances.find(({ phase }) => phase === 'failed' || phase === 'completed')
    })
  const steadyPids = async (): Promise<(number | null)[]> =>
    (await instances()).filter(({ service }) => service === 'steady').map(({ pid }) => pid)
  const controlPid = async (): Promise<number> => {
    const text = await readFile(file('platform.json'), 'utf8')
    return (JSON.parse(text) as { pid: number }).pid
  }

  await waitFor('all replicas are healthy', async () => {
    const steady = (await instances()).filter(({ service }) => service === 'steady')
    return steady.length === replicas && steady.every(({ health }) => health === 'healthy')
  })
  await jobEnded()
  const pids = await steadyPids()

  for (let round = 1; round <= rounds; round += 1) {
    const code = 2 + random.below(120)
    const delayMs = random.below(delayMsMax)
    const runsBefore = (await linesOf(env.RUNS_FILE)).length
    await writeFile(env.CODE_FILE, String(code))
    await keelson.call('restartService', { params: { name: 'jobs/job' } })
    await sleep(delayMs)
    const killed = await controlPid()
    process.kill(killed, 'SIGKILL')
    await waitFor('another control process answers', async () => {
      const ready = (await fetch(`${keelson.url}/readyz`)).ok
      return ready && (await controlPid()) !== killed
    })
    const about = `round ${round}, killed after ${delayMs} ms`
    const runsNow = (): Promise<string[]> => linesOf(env.RUNS_FILE)
    await waitFor(`${about}: the job runs again`, async () => (await runsNow()).length > runsBefore)
    await waitFor(`${about}: its end is known`, async () => (await jobEnded()).exitCode === code)
    assert.equal((await runsNow()).length, runsBefore + 1, `${about}: the job ran more than once`)
    assert.deepEqual(await steadyPids(), pids, `${about}: a replica was touched`)
  }

  const starts = await linesOf(env.STARTS_FILE)
  assert.equal(starts.length, replicas, 'replicas were started again')
  const runs = await linesOf(env.RUNS_FILE)
  assert.equal(runs.length, rounds + 1, 'the job ran at other times too')
  assert.equal(new Set(runs.map((line) => line.split(' ')[0])).size, runs.length)
  await waitFor('every line of every run is in the log', async () => {
    const { items } = await keelson.call('getServiceLogs', {
      params: { name: 'jobs/job' },
      query: { limit: 1000 },
    })
    const ends = items.filter(({ text }) => text === 'ends').length
    return ends === Math.min(runs.length, 500)
  })
  await keelson.stop()
})
