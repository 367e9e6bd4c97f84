import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { ObservedInstance } from '../runtime.ts'
import { findFilesRoot } from './files.ts'
import { createFolder, findExitCode, findPids } from './incarnation-folder.ts'
import { createProcessBench } from './process-bench.ts'
import { instanceOf, serviceOf, until } from './runtime-cases.ts'
import { createSpool } from './spool.ts'

/** A file system of 2 MiB and 200 files, to be filled. */
const mountTiny = (): Disposable & { dir: string } => {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-tiny-'))
  try {
    const options = ['-t', 'tmpfs', '-o', 'size=2m,nr_inodes=200', 'tmpfs', dir]
    execFileSync('mount', options, { stdio: 'pipe' })
  } catch (error) {
    rmSync(dir, { recursive: true })
    throw error
  }
  return {
    dir,
    [Symbol.dispose]: () => {
      execFileSync('umount', ['-l', dir])
      rmSync(dir, { recursive: true })
    },
  }
}

const canMount = (): boolean => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    mountTiny()[Symbol.dispose]()
    return true
  } catch {
    return false
  }
}
const skip = canMount() ? false : 'NO FILE SYSTEM CAN BE MOUNTED HERE'

/** Writes until nothing fits any more; the way back is to remove `ballast`. */
const fill = (dir: string): void => {
  const file = openSync(join(dir, 'ballast'), 'w')
  const chunk = Buffer.alloc(4096, 1)
  try {
    for (;;) writeSync(file, chunk)
  } catch (error) {
    assert(error instanceof Error && 'code' in error && error.code === 'ENOSPC', String(error))
  } finally {
    closeSync(file)
  }
}

/** Uses up what is left of the 200 files as well. */
const fillFiles = (dir: string): (() => Promise<void>) => {
  const made: string[] = []
  try {
    for (;;) {
      const path = join(dir, `file-${made.length}`)
      closeSync(openSync(path, 'w'))
      made.push(path)
    }
  } catch {
    assert(made.length < 200)
  }
  return async () => {
    await Promise.all(made.map((path) => rm(path)))
  }
}

const trapping = 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done'

test(
  'a disk that fills up holds up no stop, and the end is recorded once there is room',
  {
    skip,
    timeout: 60_000,
  },
  async () => {
    using tiny = mountTiny()
    await using bench = await createProcessBench(tiny.dir)
    const ends: ObservedInstance[] = []
    bench.runtime.watch((instance) => ends.push(instance))
    const instance = instanceOf(serviceOf(['sh', '-c', trapping]))
    await bench.runtime.start(instance)
    const folder = join(bench.stateDir, 'cases', instance.name, instance.incarnation)
    await until(async () => (await stat(join(folder, 'spool/output'))).size > 0)

    fill(tiny.dir)
    await bench.runtime.stop(instance, { signal: 'SIGTERM', graceMs: 10_000 })
    const [found] = await bench.runtime.observe()
    assert.deepEqual([found?.running, found?.exit?.code], [false, 5])
    await until(() => ends.length > 0)
    assert(!existsSync(join(folder, 'settled.json')), 'the disk was not full')
    await bench.runtime.stop(instance, { signal: 'SIGTERM', graceMs: 10_000 })

    await rm(join(tiny.dir, 'ballast'))
    await until(
      () => existsSync(join(folder, 'settled.json')) && !existsSync(join(folder, 'spool')),
    )
    await bench.runtime.remove(instance)
    assert.deepEqual(await bench.runtime.observe(), [])
    assert.deepEqual(ends, [found])
  },
)

test('a start on a full disk is refused, names the disk and leaves nothing', { skip }, async () => {
  using tiny = mountTiny()
  await using bench = await createProcessBench(tiny.dir)
  const files = [{ kind: 'secret' as const, source: 's', target: 's', content: 'x' }]
  const instance = instanceOf({ ...serviceOf(['true']), files })
  fill(tiny.dir)
  await assert.rejects(bench.runtime.start(instance), (error) => {
    assert(error instanceof AppError)
    assert.equal(error.code, 'disk_full')
    assert(error.message.includes(tiny.dir), error.message)
    return true
  })
  assert.deepEqual(await bench.runtime.observe(), [])
  assert(!existsSync(join(bench.stateDir, 'cases')))
  assert(!existsSync(await findFilesRoot(bench.stateDir)))
  await rm(join(tiny.dir, 'ballast'))
  assert.equal((await bench.runtime.start(instance)).incarnation, instance.incarnation)
})

test(
  'an instance is replaced, and found again, on a disk that stays full',
  {
    skip,
    timeout: 60_000,
  },
  async () => {
    using tiny = mountTiny()
    await using bench = await createProcessBench(tiny.dir)
    const instances = [1, 2].map((index) => {
      const name = `cases-api-${index}`
      return instanceOf(serviceOf(['sh', '-c', trapping]), { name, index })
    })
    const [first, second] = instances
    assert(first !== undefined && second !== undefined)
    for (const instance of instances) await bench.runtime.start(instance)
    await until(async () => {
      const page = await bench.logs.page({ stack: 'cases', instances: [first.name, second.name] })
      return page.items.length === 2
    })
    fill(tiny.dir)
    await bench.runtime.stop(first, { signal: 'SIGTERM', graceMs: 10_000 })
    await bench.runtime.remove(first)
    await bench.runtime.stop(second, { signal: 'SIGTERM', graceMs: 10_000 })
    // Whatever room the removal made is taken again: the next Keelson cannot record the end either.
    fill(tiny.dir)
    const { runtime } = await bench.restart()
    const found = await runtime.observe()
    assert.deepEqual(
      found.map(({ name, exit }) => [name, exit?.code]),
      [[second.name, 5]],
    )
    await runtime.remove(second)
    assert.deepEqual(await runtime.observe(), [])
  },
)

test('a shim that can write nothing tries until it can', { skip, timeout: 60_000 }, async () => {
  using tiny = mountTiny()
  const folder = join(tiny.dir, 'incarnation')
  await createFolder(folder)
  await writeFile(join(folder, 'prepare'), ':\n')
  const go = join(tiny.dir, 'go')
  closeSync(openSync(go, 'w'))
  const args = [join(import.meta.dirname, 'shim.sh'), folder, 'session']
  const command = ['sh', '-c', `while [ -e ${go} ]; do sleep 0.05; done; exit 6`]
  const shim = spawn('/bin/sh', [...args, ...command], { stdio: 'ignore' })
  const pids = await until(() => findPids(folder))
  fill(tiny.dir)
  const freeFiles = fillFiles(tiny.dir)
  await rm(go)
  closeSync(openSync(join(tiny.dir, 'file-in-its-place'), 'w'))
  // Between two tries, or gone.
  const children = `/proc/${shim.pid}/task/${shim.pid}/children`
  await until(async () => {
    const pid = (await readFile(children, 'utf8').catch(() => '')).trim()
    if (shim.exitCode !== null) return true
    const argv = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    return pid !== String(pids.main.pid) && argv === 'sleep\u00001\0'
  })
  assert.equal(await findExitCode(folder), undefined)
  await freeFiles()
  await rm(join(tiny.dir, 'ballast'))
  assert.equal((await until(() => findExitCode(folder))).code, 6)
  await until(() => shim.exitCode !== null)
})

test(
  'what is in the log is cut out of a spool that has filled the disk',
  {
    skip,
    timeout: 60_000,
  },
  async () => {
    using tiny = mountTiny()
    await using bench = await createProcessBench()
    const writer = bench.logs.writer({ stack: 'cases', name: 'cases-api-1' })
    const options = { folder: tiny.dir, writer, clock: systemClock }
    const output = join(tiny.dir, 'output')
    const first = await createSpool(options)
    await until(() => existsSync(join(tiny.dir, 'place.json')))
    first.close()
    const line = `${'x'.repeat(99)}\n`
    await writeFile(output, line.repeat(15_000))
    fill(tiny.dir)
    const spool = await createSpool(options)
    await until(async () => (await stat(output)).blocks * 512 < 600_000)
    await spool.drain()
    assert.equal(await writer.countLines({ segment: 1, offset: 0 }, 'stdout'), 15_000)
  },
)
