import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { BuildSpec } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import { systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { contextDigest, readBuildContext } from './build-context.ts'
import { packCopies, packFolder } from './tar-stream.ts'

const root = await mkdtemp(join(tmpdir(), 'keelson-context-'))
after(() => rm(root, { recursive: true, force: true }))
const isRoot = process.getuid?.() === 0
const makePipe = (path: string) => void execFileSync('mkfifo', [path])

const contextOf = async (name: string): Promise<BuildSpec & { context: string }> => {
  const context = join(root, name)
  await mkdir(context)
  await writeFile(join(context, 'Dockerfile'), 'FROM x\n')
  return { context, args: {} }
}

const makeClosed = async (path: string): Promise<void> => {
  await writeFile(path, '.env\n')
  await chmod(path, 0)
}

/** What lies in the place of a file that a build is read from. */
const traps: [what: string, make: (path: string) => unknown, message: RegExp, skip?: boolean][] = [
  ['a pipe', makePipe, /it is a named pipe, no file/],
  ['/dev/zero', (path) => symlink('/dev/zero', path), /it is a device, no file/],
  [
    '/proc/kmsg',
    (path) => symlink('/proc/kmsg', path),
    /view into the kernel|not permitted|denied/,
  ],
  ['a folder', (path) => mkdir(path), /it is a folder, no file/],
  ['a huge file', (path) => writeFile(path, Buffer.alloc(1024 * 1024 + 1)), /more than 1048576/],
  ['a closed file', makeClosed, /permission denied/, isRoot],
]

for (const name of ['Dockerfile', '.dockerignore', 'Dockerfile.dockerignore']) {
  for (const [what, make, message, skip = false] of traps) {
    test(`${what} as ${name} is refused with its path`, { skip, timeout: 5000 }, async () => {
      const build = await contextOf(`${name} ${what}`.replaceAll('/', '-'))
      const path = join(build.context, name)
      await rm(path, { force: true })
      await make(path)
      for (const read of [readBuildContext, contextDigest]) {
        await assert.rejects(read(build, '/'), (error: unknown) => {
          assert(error instanceof AppError)
          assert.equal(error.code, 'stack_invalid')
          assert(error.message.includes(path), error.message)
          assert.match(error.message, message)
          return true
        })
      }
    })
  }
}

test('a pattern that means nothing is refused, and not passed over', async () => {
  const build = await contextOf('pattern')
  await writeFile(join(build.context, '.dockerignore'), '[z-a]\n')
  await assert.rejects(readBuildContext(build, '/'), /\.dockerignore holds a pattern/)
})

test('pipes and devices in a context are neither opened nor sent', { timeout: 5000 }, async () => {
  const build = await contextOf('special')
  makePipe(join(build.context, 'pipe'))
  await symlink('/dev/zero', join(build.context, 'zero'))
  await symlink('/proc/kmsg', join(build.context, 'kmsg'))
  const { entries } = await contextDigest(build, '/')
  assert.deepEqual(Object.keys(entries ?? {}), ['Dockerfile', 'kmsg', 'zero'])
  assert.equal(entries?.['zero'], 'l/dev/zero')
  const archive = await Array.fromAsync(packFolder(build.context, () => false))
  assert(!Buffer.concat(archive).includes('pipe'))
  await assert.rejects(
    Array.fromAsync(packCopies([], [{ source: join(build.context, 'pipe'), path: 'x' }])),
    /a pipe/,
  )
})

test('a file larger than a context may be is not read', { timeout: 5000 }, async () => {
  const build = await contextOf('huge')
  await writeFile(join(build.context, 'image'), '')
  await truncate(join(build.context, 'image'), 64 * 1024 ** 3)
  await assert.rejects(contextDigest(build, '/'), /more than 100000 files or 4 GiB/)
})

test('a context that takes too long is given up', { timeout: 5000 }, async () => {
  const build = await contextOf('slow')
  const hurried: Clock = {
    ...systemClock,
    setTimer: (callback) => {
      callback()
      return { cancel: () => undefined }
    },
  }
  await assert.rejects(contextDigest(build, '/', hurried), /takes longer than 300 s/)
})
