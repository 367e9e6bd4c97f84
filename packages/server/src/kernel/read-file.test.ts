import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { hashRegularFile, readChunks, readRegularFile, UnreadableFile } from './read-file.ts'

const dir = await mkdtemp(join(tmpdir(), 'keelson-read-'))
after(() => rm(dir, { recursive: true, force: true }))
const limitBytes = 1000
const onLinux = process.platform === 'linux'
const isRoot = process.getuid?.() === 0

const at = (name: string): string => join(dir, name)
const linkTo = (target: string) => (path: string) => symlink(target, path)
const makePipe = (path: string) => void execFileSync('mkfifo', [path])

const listen = async (path: string): Promise<void> => {
  const server = createServer().listen(path)
  await new Promise((resolve) => server.once('listening', resolve))
  after(() => server.close())
}

type Case = {
  what: string
  make: (path: string) => unknown
  reasons: string[]
  skip?: boolean
}
const refused: Case[] = [
  { what: 'a pipe', make: makePipe, reasons: ['no_file'] },
  { what: 'a socket', make: listen, reasons: ['no_file'] },
  { what: 'a folder', make: (path) => mkdir(path), reasons: ['no_file'] },
  { what: 'a device without an end', make: linkTo('/dev/zero'), reasons: ['no_file'] },
  { what: 'a terminal', make: linkTo('/dev/tty'), reasons: ['no_file', 'ENXIO'] },
  {
    ...{ what: 'the log of the kernel', make: linkTo('/proc/kmsg'), skip: !onLinux },
    reasons: ['kernel_file', 'EPERM', 'EACCES'],
  },
  {
    ...{ what: 'a view of procfs', make: linkTo('/proc/version'), skip: !onLinux },
    reasons: ['kernel_file'],
  },
  {
    ...{ what: 'a view of sysfs', make: linkTo('/sys/kernel/mm/transparent_hugepage/enabled') },
    ...{ reasons: ['kernel_file', 'ENOENT'], skip: !onLinux },
  },
  { what: 'a ring of links', make: (path) => symlink(path, path), reasons: ['ELOOP'] },
  {
    ...{ what: 'a file that is too large', reasons: ['too_large'] },
    make: (path) => writeFile(path, Buffer.alloc(limitBytes + 1)),
  },
  {
    ...{ what: 'a file of somebody else', reasons: ['EACCES'], skip: isRoot },
    make: async (path) => {
      await writeFile(path, '')
      await chmod(path, 0)
    },
  },
]

for (const [n, { what, make, reasons, skip = false }] of refused.entries()) {
  test(`${what} is refused at once, with its path`, { skip, timeout: 5000 }, async () => {
    const path = at(`refused-${n}`)
    await make(path)
    await assert.rejects(hashRegularFile(path, { limitBytes }), (error: unknown) => {
      assert(error instanceof UnreadableFile)
      assert(reasons.includes(error.reason), error.reason)
      assert(error.message.startsWith(`${path} cannot be read: `), error.message)
      return true
    })
  })
}

test('a file is read whole, up to the limit and through a link', async () => {
  const content = Buffer.alloc(limitBytes, 'x')
  await writeFile(at('file'), content)
  await symlink('file', at('link'))
  for (const name of ['file', 'link']) {
    assert.deepEqual(await readRegularFile(at(name), { limitBytes }), content)
  }
  const options = { limitBytes, followLinks: false }
  await assert.rejects(readRegularFile(at('link'), options), { reason: 'ELOOP' })
})

test('only what is not there is absent', async () => {
  await symlink('nowhere', at('dangling'))
  for (const name of ['none', 'dangling']) {
    assert.equal(await readRegularFile(at(name), { limitBytes }), null)
  }
  await writeFile(at('plain'), '')
  await assert.rejects(readRegularFile(at('plain/below'), { limitBytes }), { reason: 'ENOTDIR' })
})

test('a file that grows while it is read is refused at the limit', async () => {
  const path = at('growing')
  await writeFile(path, 'x')
  const read = async (): Promise<void> => {
    for await (const _ of readChunks(path, { limitBytes })) appendFileSync(path, 'x'.repeat(400))
  }
  await assert.rejects(read(), { reason: 'too_large' })
})

test('a signal ends reading between two pieces', async () => {
  await writeFile(at('long'), Buffer.alloc(500_000))
  const stop = new AbortController()
  const read = async (): Promise<void> => {
    const options = { limitBytes: 1_000_000, signal: stop.signal }
    for await (const _ of readChunks(at('long'), options)) stop.abort()
  }
  await assert.rejects(read(), { reason: 'aborted' })
})
