import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { runKeelson } from '../testing/platform-fixture.ts'
import { askYes } from '../ask-yes.ts'

const text = `services:
  # the only one
  db:
    image: postgres:17 # pinned
    environment: { POSTGRES_PASSWORD: hunter2hunter2 }
    ports: ["5432:5432"]
`

const createFolder = async (files: Readonly<Record<string, string>> = { 'compose.yaml': text }) => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-fix-'))
  for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), content)
  return {
    path: (file: string) => join(folder, file),
    read: () => readFile(join(folder, 'compose.yaml'), 'utf8'),
    run: (...args: readonly string[]) => runKeelson(['gaps', '--fix', ...args], { cwd: folder }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

const onlyCheck = ['--rule', 'health/no-check']

test('without a terminal the diff is shown, nothing is written, and that is not 0', async () => {
  await using folder = await createFolder()
  const { code, stdout, stderr } = await folder.run(...onlyCheck)
  assert.equal(code, 7, stderr)
  assert.match(stdout, /^--- a\/compose\.yaml\n\+\+\+ b\/compose\.yaml\n@@ /)
  assert.match(stdout, /^\+ {4}healthcheck:$/m)
  assert.doesNotMatch(stdout, /hunter2/)
  assert.match(stderr, /1 of 1 finding can be mended, in 1 file; proved/)
  assert.match(stderr, /Nothing was written: --yes/)
  assert.equal(await folder.read(), text)
})

test('--yes writes what was shown; once more there is nothing to do', async () => {
  await using folder = await createFolder()
  await chmod(folder.path('compose.yaml'), 0o640)
  const { code, stderr } = await folder.run(...onlyCheck, '--yes')
  assert.equal(code, 0, stderr)
  assert.match(stderr, /1 file written\./)
  const after = await folder.read()
  assert.ok(after.startsWith(text), 'all that was there stays')
  assert.match(after, /pg_isready/)
  assert.equal((await stat(folder.path('compose.yaml'))).mode & 0o777, 0o640)
  const again = await folder.run(...onlyCheck, '--yes')
  assert.equal(again.code, 0)
  assert.equal(again.stdout, '')
  assert.equal(await folder.read(), after)
  assert.deepEqual(await readdir(folder.path('.')), ['compose.yaml'])
})

test('one finding by its name, also of a rule that takes a decision', async () => {
  await using folder = await createFolder()
  const all = JSON.parse(
    (await folder.run('--dry-run', '--json', '--rule', 'network/exposed')).stdout,
  )
  const [{ fingerprints }] = all.files
  const { code, stdout, stderr } = await folder.run('--yes', '--finding', fingerprints[0])
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^\+ .*127\.0\.0\.1:5432:5432/m)
  assert.doesNotMatch(await folder.read(), /healthcheck/)
  const gone = await folder.run('--yes', '--finding', fingerprints[0])
  assert.equal(gone.code, 2)
  assert.match(gone.stderr, /There is no finding .*\n {2}Try: keelson gaps --json/)
})

test('--dry-run writes nothing and ends with 0; --json is one document', async () => {
  await using folder = await createFolder()
  const { code, stdout } = await folder.run('--dry-run', '--json')
  assert.equal(code, 0)
  const { written, files, skipped } = JSON.parse(stdout)
  assert.equal(written, false)
  assert.deepEqual(
    files.map(({ file, isNew }: { file: string; isNew: boolean }) => [file, isNew]),
    [['compose.yaml', false]],
  )
  assert.match(files[0].diff, /^\+ {4}healthcheck:$/m)
  assert.doesNotMatch(files[0].diff, /deploy:/)
  const exposed = skipped.find(({ rule }: { rule: string }) => rule === 'network/exposed')
  assert.deepEqual(
    [exposed.service, exposed.why],
    ['db', 'it is mended only when asked for: --rule network/exposed'],
  )
  assert.equal(await folder.read(), text)
  const unsaid = await folder.run('--json')
  assert.equal(unsaid.code, 7)
  assert.equal(JSON.parse(unsaid.stdout).written, false)
})

test('a decision is taken by its rule’s name, with what to know about it', async () => {
  await using folder = await createFolder()
  const { code, stderr } = await folder.run('--yes', '--rule', 'network/exposed')
  assert.equal(code, 0, stderr)
  assert.match(stderr, /network\/exposed: programs on other machines/)
  assert.equal(await folder.read(), text.replace('"5432:', '"127.0.0.1:5432:'))
})

test('what is in the baseline is left', async () => {
  await using folder = await createFolder()
  const path = folder.path('.')
  await runKeelson(['gaps', '--write-baseline'], { cwd: path })
  const { code, stderr } = await folder.run('--yes')
  assert.equal(code, 0)
  assert.match(stderr, /Nothing can be mended without a decision/)
  assert.equal(await folder.read(), text)
})

test('read-only files and links are left, with the reason', async () => {
  await using folder = await createFolder()
  await chmod(folder.path('compose.yaml'), 0o444)
  const closed = await folder.run(...onlyCheck, '--yes')
  assert.equal(closed.code, 0)
  assert.match(closed.stderr, /health\/no-check \(db\): compose\.yaml is read-only/)
  assert.equal(await folder.read(), text)

  await using linked = await createFolder({ 'real.txt': text })
  await symlink('real.txt', linked.path('compose.yaml'))
  const { stderr } = await linked.run(...onlyCheck, '--yes')
  assert.match(stderr, /compose\.yaml is a link/)
  assert.equal(await linked.read(), text)
})

const refusals: [args: string[], says: RegExp][] = [
  [['--live'], /--fix does not go with --live/],
  [['--write-baseline'], /--fix does not go with --write-baseline/],
  [['--format', 'sarif'], /--fix does not go with --format sarif/],
  [['--output', 'x'], /--fix does not go with --output/],
  [['--dry-run', '--yes'], /--fix --dry-run does not go with --yes/],
]
for (const [args, says] of refusals) {
  test(`refused with exit code 2: --fix ${args.join(' ')}`, async () => {
    await using folder = await createFolder()
    const { code, stderr } = await folder.run(...args)
    assert.equal(code, 2)
    assert.match(stderr, says)
    assert.equal(await folder.read(), text)
  })
}

test('--yes without --fix is refused', async () => {
  await using folder = await createFolder()
  const { code, stderr } = await runKeelson(['gaps', '--yes'], { cwd: folder.path('.') })
  assert.equal(code, 2)
  assert.match(stderr, /--yes says how to mend/)
})

test('asked at a terminal: only yes is yes', async () => {
  const answers: [string, boolean][] = [
    ['y\n', true],
    ['Yes\n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
    ['', false],
  ]
  for (const [answer, expected] of answers) {
    const [input, output] = [new PassThrough(), new PassThrough()]
    const asked = askYes('Write 1 file? [y/N] ', input, output)
    input.end(answer)
    assert.equal(await asked, expected, JSON.stringify(answer))
    assert.match(String(output.read()), /Write 1 file\? \[y\/N\]/)
  }
})
