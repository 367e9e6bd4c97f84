import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { MountSpec } from '@keelson/contract'
import { systemClock } from '../../kernel/clock.ts'
import { createContentReader } from './content.ts'
import { containerSpec, serviceSpec } from '../testing/spec.ts'

const createBench = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'keelson-content-'))
  const reader = createContentReader({ clock: systemClock })
  const plain = containerSpec('a')
  assert.ok(plain.container !== null)
  const { container } = plain
  return {
    dir,
    reader,
    /** Hash of what is mounted from a path; undefined when it is not followed. */
    async hashOf(path: string, readOnly = true): Promise<string | undefined> {
      const mount: MountSpec = { kind: 'bind', source: path, target: '/x', readOnly }
      const parts = await reader.contentOf({
        ...plain,
        container: { ...container, mounts: [mount] },
      })
      return parts[0]?.hash
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  }
}

test('a file counts by what is in it, not by when or how it came there', async () => {
  await using bench = await createBench()
  const path = join(bench.dir, 'a.conf')
  await writeFile(path, 'one')
  const one = await bench.hashOf(path)
  await utimes(path, 1, 1)
  assert.equal(await bench.hashOf(path), one)
  await writeFile(path, 'two')
  assert.notEqual(await bench.hashOf(path), one)
  // As editors do: another file under the name, of the same size and time.
  await writeFile(join(bench.dir, 'new'), 'one')
  await rename(join(bench.dir, 'new'), path)
  assert.equal(await bench.hashOf(path), one)
  await rm(path)
  assert.equal(await bench.hashOf(path), 'not there')
})

test('a read-only folder counts by all files in it, up to a bound', async () => {
  await using bench = await createBench()
  const folder = join(bench.dir, 'conf')
  await mkdir(join(folder, 'deep'), { recursive: true })
  await writeFile(join(folder, 'deep', 'a'), '1')
  const before = await bench.hashOf(folder)
  await writeFile(join(folder, 'deep', 'a'), '2')
  assert.notEqual(await bench.hashOf(folder), before)
  assert.equal(await bench.hashOf(folder, false), undefined, 'data of the service')
  await symlink('/', join(folder, 'everything'))
  assert.ok((await bench.hashOf(folder)) !== undefined, 'links into folders are not followed')
  for (let at = 0; at < 201; at += 1) await writeFile(join(folder, String(at)), '')
  assert.equal(await bench.hashOf(folder), undefined, 'too many files')
})

test('large files count by size and time, and what may be written by the service not at all', async () => {
  await using bench = await createBench()
  const path = join(bench.dir, 'big')
  await writeFile(path, Buffer.alloc(1024 * 1024 + 1))
  assert.match((await bench.hashOf(path)) ?? '', /^size 1048577 time /)
  assert.equal(await bench.hashOf(path, false), undefined)
})

for (const path of ['/proc', '/proc/version', '/sys', '/dev/null', '/']) {
  test(`${path} is mounted and not followed`, async () => {
    await using bench = await createBench()
    assert.equal(await bench.hashOf(path), undefined)
  })
}

for (const target of ['/proc/kmsg', '/proc/version', '/dev/zero', '/dev/null', 'a pipe']) {
  test(`a link to ${target} is mounted and not followed`, { timeout: 5000 }, async () => {
    await using bench = await createBench()
    const [link, folder] = [join(bench.dir, 'link'), join(bench.dir, 'folder')]
    if (target === 'a pipe') execFileSync('mkfifo', [link])
    else await symlink(target, link)
    assert.equal(await bench.hashOf(link), undefined)
    await mkdir(folder)
    await symlink(link, join(folder, 'deep'))
    await bench.hashOf(folder)
  })
}

test('a config and a secret by path are followed, also for processes', async () => {
  await using bench = await createBench()
  const path = join(bench.dir, 's')
  await writeFile(path, 'x')
  const files = [{ kind: 'secret' as const, source: 'pass', target: 'pass', path }]
  const parts = await bench.reader.contentOf(serviceSpec('a', { files }))
  assert.deepEqual(
    parts.map(({ path, about, text, file }) => [path, about, text, file]),
    [['secrets.pass', 'content', null, path]],
  )
})

test(
  'what Keelson may not read is left to the engine',
  { skip: process.getuid?.() === 0 && 'as root everything can be read' },
  async () => {
    await using bench = await createBench()
    const path = join(bench.dir, 'closed')
    await writeFile(path, 'x')
    await chmod(path, 0)
    assert.equal(await bench.hashOf(path), undefined)
  },
)
