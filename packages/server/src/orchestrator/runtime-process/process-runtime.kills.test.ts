import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { InstanceSpec } from '../runtime.ts'
import { findHierarchies } from './cgroup-hierarchy.ts'
import { heard, kill, spawnSupervisor, textsOf } from './dead-keelson.ts'
import { findFilesRoot } from './files.ts'
import { createProcessBench } from './process-bench.ts'
import { instanceOf, serviceOf, until } from './runtime-cases.ts'

// By hand: KEELSON_KILL_ROUNDS=300 node --test packages/server/src/orchestrator/runtime-process/process-runtime.kills.test.ts
const rounds = Number(process.env['KEELSON_KILL_ROUNDS'] ?? 8)
const perRound = 3
const lines = 300

/** Tells that it started, writes, leaves a process behind, and ends by itself or is ended. */
const serviceOfRound = (dir: string, index: number): InstanceSpec => {
  const name = `cases-api-${index}`
  const script = [
    `echo ${index} >>${dir}/starts`,
    `(setsid sleep 1000 &)`,
    `i=0; while [ $i -lt ${lines} ]; do echo "${index} $i"; i=$((i+1)); done`,
    `cat $KEELSON_FILES/secret; sleep 0.0${index % 10}; exit ${codeOf(index)}`,
  ].join('\n')
  const files = [{ kind: 'secret' as const, source: 's', target: 'secret', content: 'end\n' }]
  const spec = { ...serviceOf(['sh', '-c', script]), files, pidsMax: 50 }
  return instanceOf(spec, { name, index, hosts: { db: '10.1.2.3' } })
}

const codeOf = (index: number): number => 10 + (index % 90)

test(
  'kill -9 of Keelson at random moments: nothing twice, nothing lost, nothing left',
  { timeout: 60_000 + rounds * 3000 },
  async () => {
    await using bench = await createProcessBench()
    const instances: InstanceSpec[] = []
    for (let round = 0; round < rounds; round += 1) {
      const fresh = Array.from({ length: perRound }, (_, i) =>
        serviceOfRound(bench.dir, round * perRound + i),
      )
      // What the one before did not get to is asked for again, under the same incarnation.
      const supervisor = spawnSupervisor(bench.dir, [...instances.slice(-perRound), ...fresh])
      instances.push(...fresh)
      await heard(supervisor, 'ready')
      await sleep(Math.random() * 250)
      await kill(supervisor)
    }
    for (const instance of instances) await bench.runtime.start(instance)
    const ended = await until(async () => {
      const found = await bench.runtime.observe()
      return found.every(({ running }) => !running) ? found : null
    })

    const numbers = instances.map(({ index }) => String(index))
    const starts = (await readFile(join(bench.dir, 'starts'), 'utf8')).trim().split('\n')
    assert.deepEqual(starts.sort(), [...numbers].sort(), 'every instance has started once')
    const codes = new Map(ended.map(({ index, exit }) => [index, exit?.code]))
    for (const { index, name } of instances) {
      assert.equal(codes.get(index), codeOf(index), `exit code of ${name}`)
      const expected = [...Array.from({ length: lines }, (_, i) => `${index} ${i}`), 'end']
      const texts = await textsOf(bench.logs, name)
      const own = texts.filter((text) => !text.startsWith('this host cannot hold'))
      assert.deepEqual(own, expected, `log of ${name}`)
    }
    for (const instance of instances) await bench.runtime.remove(instance)
    assert.deepEqual(await leftOf(instances), [], 'processes')
    assert.deepEqual(await cgroupsLeft(instances), [], 'control groups')
    assert(!existsSync(await findFilesRoot(bench.stateDir)), 'files')
    assert.deepEqual(
      (await readdir(bench.stateDir)).filter((entry) => !entry.startsWith('.')),
      [],
    )
  },
)

/** Processes that carry the mark of an incarnation. */
const leftOf = async (instances: readonly InstanceSpec[]): Promise<string[]> => {
  const marks = instances.map(({ incarnation }) => `KEELSON_INCARNATION=${incarnation}\0`)
  const left: string[] = []
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
    if (marks.some((mark) => environment.includes(mark))) left.push(pid)
  }
  return left
}

const cgroupsLeft = async (instances: readonly InstanceSpec[]): Promise<string[]> => {
  const left: string[] = []
  for (const { parents } of await findHierarchies()) {
    for (const parent of parents) {
      const folders = instances.map(({ incarnation }) => join(parent, 'keelson', incarnation))
      left.push(...folders.filter(existsSync))
    }
  }
  return left
}
