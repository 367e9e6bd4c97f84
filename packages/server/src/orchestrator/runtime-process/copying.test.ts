import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { lstat, mkdir, mkdtemp, readFile, readlink, rm, stat, symlink } from 'node:fs/promises'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AppError } from '../../kernel/errors.ts'
import { copyBelow } from './copying.ts'

/** A working folder, one beside it that is nobody's to touch, and sources. */
const createBench = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'keelson-copying-'))
  const at = (path: string): string => join(dir, path)
  for (const name of ['work/real', 'host/deep', 'source/deep']) {
    await mkdir(at(name), { recursive: true })
  }
  await writeFile(at('host/deep/passwd'), 'host')
  await writeFile(at('source/deep/passwd'), 'mine', { mode: 0o750 })
  return {
    at,
    copy: (source: string, target: string, removals: string[] = []) =>
      copyBelow('api', at('work'), { copies: [{ source: at(source), target }], removals }),
    remove: (path: string) => copyBelow('api', at('work'), { copies: [], removals: [path] }),
    async assertUntouched() {
      assert.equal(await readFile(at('host/deep/passwd'), 'utf8'), 'host')
      assert.deepEqual(execFileSync('ls', [at('host')]).toString(), 'deep\n')
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  }
}

type Bench = Awaited<ReturnType<typeof createBench>>

/** A service has put `link` into its working folder; none of it may reach the host. */
const refused: [what: string, linked: string, act: (bench: Bench) => Promise<void>][] = [
  ['a copy through it', 'host', ({ copy }) => copy('source', 'link/new')],
  ['a copy far below it', 'host', ({ copy }) => copy('source', 'link/deep/more/new')],
  ['a removal through it', 'host', ({ remove }) => remove('link/deep')],
  ['a copy through one to nowhere', 'none', ({ copy }) => copy('source', 'link/new')],
  ['a removal beside a copy', 'host', ({ copy }) => copy('source', 'new', ['link/deep/passwd'])],
]

for (const [what, linked, act] of refused) {
  test(`${what} is refused where a link leads out`, async () => {
    await using bench = await createBench()
    await symlink(bench.at(linked), bench.at('work/link'))
    await assert.rejects(act(bench), (error: unknown) => {
      assert(error instanceof AppError && error.code === 'bad_request')
      assert.match(error.message, /outside of the working folder of service api/)
      return true
    })
    await bench.assertUntouched()
    assert(!existsSync(bench.at('work/new')), 'nothing was changed')
    assert(!existsSync(bench.at('none')))
  })
}

test('a link that is the target itself is replaced, and never written through', async () => {
  await using bench = await createBench()
  await symlink(bench.at('host/deep/passwd'), bench.at('work/file'))
  await bench.copy('source/deep/passwd', 'file')
  assert.equal(await readFile(bench.at('work/file'), 'utf8'), 'mine')
  assert((await lstat(bench.at('work/file'))).isFile())
  assert.equal((await stat(bench.at('work/file'))).mode & 0o777, 0o750)
  await symlink(bench.at('host'), bench.at('work/folder'))
  await bench.copy('source', 'folder')
  assert((await lstat(bench.at('work/folder'))).isDirectory())
  await mkdir(bench.at('work/tree'))
  await symlink(bench.at('host/deep'), bench.at('work/tree/deep'))
  await bench.copy('source', 'tree')
  assert.equal(await readFile(bench.at('work/tree/deep/passwd'), 'utf8'), 'mine')
  await bench.assertUntouched()
})

test('of a link the link is removed, also deep in a folder', async () => {
  await using bench = await createBench()
  await symlink(bench.at('host'), bench.at('work/link'))
  await symlink(bench.at('host'), bench.at('work/real/link'))
  await bench.remove('link')
  await bench.remove('real')
  await bench.remove('none/at/all')
  assert.equal(execFileSync('ls', [bench.at('work')]).toString(), '')
  await bench.assertUntouched()
})

test('a link that stays inside is followed, a service keeps its own folders', async () => {
  await using bench = await createBench()
  await symlink('real', bench.at('work/link'))
  await bench.copy('source', 'link/a/b')
  assert.equal(await readFile(bench.at('work/real/a/b/deep/passwd'), 'utf8'), 'mine')
  await bench.remove('link/a')
  assert(!existsSync(bench.at('work/real/a')))
  assert.equal(await readlink(bench.at('work/link')), 'real')
})

test('pipes are passed over, links are copied as they are', { timeout: 5000 }, async () => {
  await using bench = await createBench()
  execFileSync('mkfifo', [bench.at('source/pipe')])
  await symlink('deep', bench.at('source/link'))
  await bench.copy('source', 'new')
  assert.equal(execFileSync('ls', [bench.at('work/new')]).toString(), 'deep\nlink\n')
  assert.equal(await readlink(bench.at('work/new/link')), 'deep')
})
