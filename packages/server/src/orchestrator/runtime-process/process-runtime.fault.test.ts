import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '../../kernel/ids.ts'
import type { InstanceSpec } from '../runtime.ts'
import { heard, kill, spawnSupervisor, textsOf } from './dead-keelson.ts'
import { createFolder, findPids, writeRecord } from './incarnation-folder.ts'
import type { InstanceRecord } from './incarnation-folder.ts'
import { createProcessBench } from './process-bench.ts'
import { bootId } from './process-table.ts'
import { instanceOf, processesWith, serviceOf, uniqueSeconds, until } from './runtime-cases.ts'

test('kill -9 at any moment of a start: nothing starts twice, no exit code is lost', async () => {
  const rounds = 25
  for (let round = 0; round < rounds; round += 1) {
    await using bench = await createProcessBench()
    const starts = join(bench.dir, 'starts')
    const instances = Array.from({ length: 4 }, (_, i) => {
      const command = ['sh', '-c', `echo ${i} >> ${starts}; exit 2${i}`]
      return instanceOf(serviceOf(command), { name: `cases-api-${i}`, index: i })
    })
    const supervisor = spawnSupervisor(bench.dir, instances)
    await heard(supervisor, 'ready')
    // Four starts take about 120 ms.
    const killAfterMs = (round * 150) / rounds
    await sleep(killAfterMs)
    await kill(supervisor)

    await bench.runtime.observe()
    for (const instance of instances) await bench.runtime.start(instance)
    const ended = await until(async () => {
      const found = await bench.runtime.observe()
      return found.every((instance) => !instance.running) ? found : null
    })
    const codes = ended.map(({ exit }) => String(exit?.code)).sort()
    assert.deepEqual(codes, ['20', '21', '22', '23'], `killed after ${killAfterMs} ms`)
    const started = (await readFile(starts, 'utf8')).trim().split('\n').sort()
    assert.deepEqual(started, ['0', '1', '2', '3'], `killed after ${killAfterMs} ms`)
  }
})

test('kill -9 again and again while an instance writes: every line is in the log once', async () => {
  await using bench = await createProcessBench()
  const script = 'i=0; while [ $i -lt 60000 ]; do echo "line $i"; i=$((i+1)); done; printf end'
  const instance = instanceOf(serviceOf(['sh', '-c', `sleep 0.2; ${script}`]))
  for (let round = 0; round < 6; round += 1) {
    const supervisor = spawnSupervisor(bench.dir, round === 0 ? [instance] : [])
    await heard(supervisor, round === 0 ? 'started' : 'ready')
    await sleep(40 + 35 * round)
    await kill(supervisor)
  }
  await until(async () => (await bench.runtime.observe()).every((found) => !found.running))
  const texts = await textsOf(bench.logs, instance.name)
  const expected = [...Array.from({ length: 60_000 }, (_, i) => `line ${i}`), 'end']
  assert.equal(texts.length, expected.length)
  assert.deepEqual(texts, expected)
})

const recordOf = (instance: InstanceSpec): InstanceRecord => ({
  stack: instance.stack,
  service: instance.service,
  name: instance.name,
  index: instance.index,
  incarnation: instance.incarnation,
  digest: '',
  ports: [],
  workingDir: '/',
  user: null,
  cgroups: [],
  files: null,
  ownHosts: false,
  namespace: false,
  oneOff: false,
  boot: bootId(),
})

const prepareNothing = (folder: string): Promise<void> => writeFile(join(folder, 'prepare'), ':\n')

const runShim = (folder: string, command: readonly string[]): Promise<number | null> => {
  const shim = join(import.meta.dirname, 'shim.sh')
  const child = spawn('/bin/sh', [shim, folder, 'session', 'setsid', ...command], {
    stdio: 'ignore',
  })
  return new Promise((resolve) => child.once('exit', resolve))
}

test('a shim that comes late finds the claim taken and starts nothing', async () => {
  await using bench = await createProcessBench()
  const instance = instanceOf(serviceOf(['true']))
  const folder = join(bench.stateDir, 'cases', instance.name, instance.incarnation)
  const proof = join(bench.dir, 'proof')
  await createFolder(folder)
  await writeRecord(folder, recordOf(instance))
  await mkdir(join(folder, 'claim'))
  assert.equal(await runShim(folder, ['touch', proof]), 75)

  // Without a claim the next Keelson takes it: the intent of the dead one is void.
  const other = { ...instance, incarnation: newId() }
  const otherFolder = join(bench.stateDir, 'cases', other.name, other.incarnation)
  await createFolder(otherFolder)
  await writeRecord(otherFolder, recordOf(other))
  const found = bench.runtime.observe()
  await until(() => !existsSync(otherFolder))
  assert.equal(await runShim(otherFolder, ['touch', proof]), 75)
  assert(!existsSync(proof))
  assert.deepEqual(
    (await found).map(({ incarnation, exit }) => [incarnation, exit?.signal]),
    [[instance.incarnation, 'unknown']],
  )
})

test('of many shims for one incarnation one starts it', async () => {
  await using bench = await createProcessBench()
  const folder = join(bench.dir, 'race')
  const starts = join(bench.dir, 'starts')
  await createFolder(folder)
  await prepareNothing(folder)
  const command = ['sh', '-c', `echo started >> ${starts}; exit 6`]
  const codes = await Promise.all(Array.from({ length: 12 }, () => runShim(folder, command)))
  assert.equal(codes.filter((code) => code === 75).length, 11)
  assert.equal(await readFile(starts, 'utf8'), 'started\n')
  assert.equal(await readFile(join(folder, 'exit'), 'utf8'), '6\n')
})

test('a process id that was used again is not ours, and is left alone', async () => {
  await using bench = await createProcessBench()
  const stranger = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true })
  const cases: [name: string, more: Partial<InstanceRecord>, start: string][] = [
    ['another start time', {}, '1'],
    ['another run of the machine', { boot: 'before' }, (await startOf(stranger.pid)) ?? ''],
  ]
  for (const [name, more, start] of cases) {
    const instance = instanceOf(serviceOf(['true']))
    const folder = join(bench.stateDir, 'cases', instance.name, instance.incarnation)
    await createFolder(folder)
    await writeRecord(folder, { ...recordOf(instance), ...more })
    await mkdir(join(folder, 'claim'))
    await writeFile(join(folder, 'pid'), `${stranger.pid} ${start}\n${stranger.pid} ${start}\n`)
    const [found] = await bench.runtime.observe()
    assert.equal(found?.running, false, name)
    assert.deepEqual([found?.exit?.code, found?.exit?.signal], [null, 'unknown'], name)
    await bench.runtime.stop(instance, { signal: 'SIGKILL', graceMs: 0 })
    await bench.runtime.remove(instance)
  }
  assert.equal(stranger.exitCode, null)
  assert.equal(stranger.signalCode, null)
  stranger.kill('SIGKILL')
})

const startOf = async (pid: number | undefined): Promise<string | undefined> =>
  (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').at(-1)?.split(' ')[19]

test('without its shim an instance goes on, and its end is seen', async () => {
  await using bench = await createProcessBench()
  const seconds = uniqueSeconds()
  const instance = instanceOf(serviceOf(['sh', '-c', `sleep ${seconds} & wait`]))
  const { pid } = await bench.runtime.start(instance)
  const folder = join(bench.stateDir, 'cases', instance.name, instance.incarnation)
  const shim = (await findPids(folder))?.shim.pid ?? 0
  process.kill(shim, 'SIGKILL')
  await until(async () => !existsSync(`/proc/${shim}/exe`))
  assert.equal((await bench.runtime.observe())[0]?.running, true)
  process.kill(pid ?? 0, 'SIGKILL')
  const end = await until(async () => {
    const [found] = await bench.runtime.observe()
    return found?.running === false ? found : null
  })
  assert.deepEqual([end.exit?.code, end.exit?.signal], [null, 'unknown'])
  assert.deepEqual(await processesWith(`sleep\0${seconds}`), [])
})

test('signals that reach the shim do not lose the exit code', async () => {
  await using bench = await createProcessBench()
  const instance = instanceOf(serviceOf(['sh', '-c', 'sleep 0.5; exit 8']))
  await bench.runtime.start(instance)
  const folder = join(bench.stateDir, 'cases', instance.name, instance.incarnation)
  const shim = (await findPids(folder))?.shim.pid ?? 0
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.kill(shim, signal)
  const end = await until(async () => {
    const [found] = await bench.runtime.observe()
    return found?.running === false ? found : null
  })
  assert.equal(end.exit?.code, 8)
})

test('a flood of output fills neither disk nor memory and holds up nobody else', async () => {
  await using bench = await createProcessBench()
  const flood = instanceOf(serviceOf(['yes', 'x'.repeat(100)]), { name: 'cases-flood-1' })
  await bench.runtime.start(flood)
  const spool = join(bench.stateDir, 'cases', flood.name, flood.incarnation, 'spool/output')
  const writtenBytes = async (): Promise<number> => (await stat(spool)).size
  const memoryBefore = process.memoryUsage().rss
  const disk: number[] = []
  let memoryMax = 0
  // Many times what is kept of it.
  await until(async () => {
    const found = await stat(spool)
    disk.push(found.blocks * 512)
    memoryMax = Math.max(memoryMax, process.memoryUsage().rss)
    const page = await bench.logs.page({ stack: 'cases', instances: [flood.name], limit: 1000 })
    const told = page.items.some((line) => /bytes of output were dropped/.test(line.text))
    return told && (await writtenBytes()) > 500 * 1024 * 1024
  }).catch(() => assert.fail(`too little was written: ${JSON.stringify({ disk: disk.at(-1) })}`))

  const quiet = instanceOf(serviceOf(['sh', '-c', 'echo here; exec sleep 1000']))
  await bench.runtime.start(quiet)
  await until(async () => (await textsOf(bench.logs, quiet.name)).includes('here'))
  await bench.runtime.stop(flood, { signal: 'SIGTERM', graceMs: 1000 })
  assert(!existsSync(spool))
  // The most was 41 to 61 MiB at 600 MB/s (2026-11). It is more for a moment when this process is
  // kept from looking (155 MiB after 150 ms without the processor), so the middle one is judged too.
  disk.sort((a, b) => a - b)
  const [middle = 0, most = 0] = [disk[disk.length >> 1], disk.at(-1)]
  assert(middle < 64 * 1024 * 1024, `the spool took ${middle} bytes of disk`)
  assert(most < 400 * 1024 * 1024, `the spool took ${most} bytes of disk for a moment`)
  assert(
    memoryMax - memoryBefore < 250 * 1024 * 1024,
    `${memoryMax - memoryBefore} bytes of memory`,
  )
})
