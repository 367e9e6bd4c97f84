import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, readdir, readFile, readlink, symlink, truncate } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { createRepository } from '../testing/repository.ts'
import { exportRevision, RevisionError } from './export-revision.ts'

const hasGit = spawnSync('git', ['--version']).status === 0
const skip = hasGit ? false : 'git is not installed'

const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com']

/** A repository with one commit of these files. */
const createClone = async (files: Record<string, string>) => {
  const repository = await createRepository(files)
  const { root } = repository
  const git = (words: readonly string[], input = '') =>
    execFileSync('git', [...identity, ...words], { cwd: root, input })
      .toString()
      .trim()
  git(['init', '--quiet', '--initial-branch=main'])
  const commit = () => {
    git(['add', '--all'])
    git(['commit', '--quiet', '--message=x'])
  }
  commit()
  return { ...repository, git, commit }
}

test('a revision as it was, and what git ignores beside it', { skip }, async () => {
  await using clone = await createClone({
    'compose.yaml': 'services: {}\n',
    'a b/ü\n.txt': 'x',
    '.gitignore': '.env\nsecrets/\n',
  })
  await symlink('compose.yaml', clone.path('link'))
  await clone.write('large.bin', '')
  await truncate(clone.path('large.bin'), 3 * 1024 * 1024)
  clone.commit()
  await clone.write('compose.yaml', 'changed')
  await clone.write('.env', 'A=1\n')
  await clone.write('secrets/x', 'x')
  const exported = await exportRevision(clone.root, 'HEAD')
  try {
    const read = (file: string) => readFile(join(exported.folder, file), 'utf8')
    assert.equal(await read('compose.yaml'), 'services: {}\n')
    assert.equal(await read('a b/ü\n.txt'), 'x')
    assert.equal(await read('.env'), 'A=1\n')
    assert.equal(await readlink(join(exported.folder, 'link')), 'compose.yaml')
    assert.ok(existsSync(join(exported.folder, 'large.bin')))
    assert.ok(!existsSync(join(exported.folder, 'secrets')))
    assert.match(exported.commit, /^[0-9a-f]{40}/)
    assert.equal(basename(exported.folder), basename(clone.root))
  } finally {
    await exported.remove()
  }
  assert.ok(!existsSync(dirname(exported.folder)))
})

test(
  'a folder of a repository is exported alone; one that was not there is empty',
  { skip },
  async () => {
    await using clone = await createClone({ 'app/compose.yaml': 'a', 'other.txt': 'b' })
    await clone.write('new/compose.yaml', 'n')
    const app = await exportRevision(clone.path('app'), 'main')
    const fresh = await exportRevision(clone.path('new'), 'main')
    assert.deepEqual(await readdir(app.folder), ['compose.yaml'])
    assert.deepEqual(await readdir(fresh.folder), [])
    await app.remove()
    await fresh.remove()
  },
)

test(
  'nothing of the repository is run: hooks, monitors, filters, pagers, drivers',
  { skip },
  async () => {
    await using clone = await createClone({
      'compose.yaml': 'x',
      '.gitattributes': '* filter=evil diff=evil\n',
    })
    const { path, git } = clone
    await clone.write('evil.sh', `#!/bin/sh\ntouch "${path('it-ran')}"\ncat\n`)
    await chmod(path('evil.sh'), 0o755)
    for (const hook of ['post-checkout', 'post-index-change', 'reference-transaction']) {
      await clone.write(`.git/hooks/${hook}`, `#!/bin/sh\ntouch "${path('it-ran')}"\n`)
      await chmod(path(`.git/hooks/${hook}`), 0o755)
    }
    for (const key of [
      ...['core.fsmonitor', 'core.pager', 'core.sshCommand', 'core.editor', 'diff.external'],
      ...['filter.evil.clean', 'filter.evil.smudge', 'filter.evil.process', 'diff.evil.textconv'],
      ...['core.alternateRefsCommand', 'uploadpack.packObjectsHook', 'core.askPass'],
    ]) {
      git(['config', key, path('evil.sh')])
    }
    // A partial clone fetches what it lacks, by a command that its settings name.
    git(['config', 'remote.origin.url', `ext::${path('evil.sh')}`])
    git(['config', 'remote.origin.promisor', 'true'])
    git(['config', 'remote.origin.uploadpack', path('evil.sh')])
    git(['config', 'protocol.ext.allow', 'always'])
    git(['config', 'extensions.partialClone', 'origin'])
    const object = git(['rev-parse', 'HEAD:compose.yaml'])
    const file = path(`.git/objects/${object.slice(0, 2)}/${object.slice(2)}`)
    execFileSync('rm', ['-f', file, path('it-ran')])
    const exported = await exportRevision(clone.root, 'HEAD').catch((error: unknown) => error)
    assert.ok(!existsSync(path('it-ran')))
    if (exported instanceof Error) assert.ok(exported instanceof RevisionError, exported.message)
    else await (exported as { remove: () => Promise<void> }).remove()
  },
)

/** A tree object as its bytes: no command of git makes such names. */
const treeOf = (entries: readonly [mode: string, name: string, object: string][]): Buffer =>
  Buffer.concat(
    entries.map(([mode, name, object]) =>
      Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(object, 'hex')]),
    ),
  )

test('names of a hostile tree lead nowhere', { skip }, async () => {
  await using outside = await createRepository()
  await using clone = await createClone({ 'compose.yaml': 'x' })
  const { root, git } = clone
  const hash = (kind: string, content: Buffer | string) =>
    execFileSync('git', ['hash-object', '-t', kind, '-w', '--stdin', '--literally'], {
      cwd: root,
      input: content,
    })
      .toString()
      .trim()
  const blob = hash('blob', 'escaped')
  const link = hash('blob', outside.root)
  const below = hash('tree', treeOf([['100644', 'x.txt', blob]]))
  const tree = hash(
    'tree',
    treeOf([
      ['40000', '.GIT', below],
      ['40000', '..', below],
      // A link, and then a folder of the same name: who follows it writes elsewhere.
      ['120000', 'door', link],
      ['40000', 'door', below],
      ['100644', 'good.txt', blob],
    ]),
  )
  const commit = git(['commit-tree', tree, '-m', 'hostile'])
  const exported = await exportRevision(root, commit)
  try {
    const files = await readdir(exported.folder, { recursive: true })
    assert.deepEqual(files.toSorted(), ['door', 'door/x.txt', 'good.txt'])
    assert.deepEqual(await readdir(outside.root), [])
    assert.ok(!existsSync(join(exported.folder, '../x.txt')))
  } finally {
    await exported.remove()
  }
})

test('what is no revision, and what is no repository, is said', { skip }, async () => {
  await using clone = await createClone({ a: 'a' })
  await using folder = await createRepository({ a: 'a' })
  const messageOf = (root: string, revision: string) =>
    exportRevision(root, revision).then(
      () => 'exported',
      (error: unknown) => (error instanceof RevisionError ? error.message : String(error)),
    )
  assert.equal(await messageOf(clone.root, 'nowhere'), 'There is no commit nowhere')
  assert.equal(await messageOf(clone.root, '--output=/tmp/x'), 'There is no commit --output=/tmp/x')
  assert.match(await messageOf(folder.root, 'main'), /is in no git repository$/)
})
