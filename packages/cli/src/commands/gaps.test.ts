import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { test } from 'node:test'
import { runKeelson } from '../testing/platform-fixture.ts'

const createFolder = async (files: Readonly<Record<string, string>>) => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-gaps-'))
  const write = async (file: string, text: string) => {
    await mkdir(join(folder, dirname(file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }
  for (const [file, text] of Object.entries(files)) await write(file, text)
  const run = (...args: readonly string[]) => runKeelson(['gaps', ...args], { cwd: folder })
  return {
    folder,
    write,
    run,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

/** One error, on every version of the rules: the file does not load. */
const broken = { 'compose.yaml': 'services:\n  web:\n    imagee: nginx:1.27\n' }
/** One warning: a comment that leaves nothing out. */
const stale = {
  'compose.yaml': `services:
  # keelson-ignore health/no-check: it is asked by the load balancer
  web:
    image: registry.example.com/web:1
`,
}
const clean = { 'compose.yaml': 'services:\n  web:\n    image: registry.example.com/web:1\n' }
const onlyStale = ['--rule', 'suppression/stale']

test('an error ends with 7, and shows the place, its lines and the way out', async () => {
  await using repository = await createFolder(broken)
  const { code, stdout, stderr } = await repository.run('--rule', 'compose')
  assert.equal(code, 7)
  assert.equal(stderr, '')
  assert.match(stdout, /^✗ 1 error in 0 services\.\n {2}0 declared, 0 built · score \d+ of 100\n/)
  assert.match(stdout, /compose\.yaml:3:5 /)
  assert.match(stdout, /3 │ {5}imagee: nginx:1\.27\n/)
  assert.match(stdout, /fix .*did you mean image/)
})

test('what counts as a failure is chosen: --fail-on, then the settings, then errors', async () => {
  await using repository = await createFolder(stale)
  const codeOf = async (...args: readonly string[]) =>
    (await repository.run(...onlyStale, ...args)).code
  assert.equal(await codeOf(), 0)
  assert.equal(await codeOf('--fail-on', 'warning'), 7)
  await repository.write('.keelson/gaps.yaml', 'fail-on: warning\n')
  assert.equal(await codeOf(), 7)
  assert.equal(await codeOf('--fail-on', 'never'), 0)
})

test('without gaps: one sentence and 0', async () => {
  await using repository = await createFolder(clean)
  const { code, stdout } = await repository.run(...onlyStale)
  assert.equal(code, 0)
  assert.match(stdout, /^✓ No such gaps in 1 service\.\n/)
})

const refusals: [name: string, args: string[], expected: RegExp][] = [
  ['a folder without compose files', ['empty'], /no compose file in .*empty.*\n {2}Try: /],
  ['a folder that is not there', ['nowhere'], /There is no folder .*nowhere/],
  ['a file', ['compose.yaml'], /It is not a folder: .*compose\.yaml/],
  [
    'a rule that there is not',
    ['--rule', 'helth'],
    /no rule helth\n {2}Try: did you mean health\?/,
  ],
  ['a format that there is not', ['--format', 'xml'], /'xml' is invalid/],
  ['a baseline that is not there', ['--baseline', 'x.json'], /There is no baseline .*x\.json/],
  ['compose files by name', ['--file', 'compose.yaml'], /takes no --file/],
  [
    'what names one stack',
    ['-p', 'shop', '--profile', 'all'],
    /takes no --project-name, --profile\n {2}Try: name the folder/,
  ],
  ['an output that cannot be', ['--output', 'no/where.json'], /cannot be written/],
  ['a revision of no repository', ['diff', 'main'], /is in no git repository|git is not installed/],
  ['settings that are wrong', ['bad'], /bad\/\.keelson\/gaps\.yaml:1:1: unknown key rule/],
]

for (const [name, args, expected] of refusals) {
  test(`refused with exit code 2: ${name}`, async () => {
    await using repository = await createFolder({
      ...clean,
      'empty/x.txt': '',
      'bad/compose.yaml': clean['compose.yaml'],
      'bad/.keelson/gaps.yaml': 'rule: {}\n',
    })
    const { code, stdout, stderr } = await repository.run(...args)
    assert.equal(code, 2, stderr)
    assert.match(stderr, expected)
    assert.equal(stdout, '')
  })
}

test('json: --json and --format json are the same, errors too', async () => {
  await using repository = await createFolder(broken)
  const [first, second] = [await repository.run('--json'), await repository.run('--format', 'json')]
  assert.equal(first.stdout, second.stdout)
  const { findings, inventory, ...others } = JSON.parse(first.stdout)
  assert.deepEqual(others, {})
  assert.equal(findings[0].rule, 'compose/does-not-load')
  assert.equal(inventory.declared, 0)
  const refused = await repository.run('--json', 'nowhere')
  assert.equal(JSON.parse(refused.stderr).error.code, 'usage')
})

test('more than a megabyte through a pipe arrives whole', async () => {
  const services = Array.from(
    { length: 1600 },
    (_, at) => `  # keelson-ignore health/no-check: the reason of number ${at}\n  s${at}:
    image: registry.example.com/s${at}:1\n`,
  )
  await using repository = await createFolder({ 'compose.yaml': `services:\n${services.join('')}` })
  const { code, stdout } = await repository.run('--json', ...onlyStale)
  assert.ok(stdout.length > 1024 * 1024, `${stdout.length} bytes`)
  assert.equal(JSON.parse(stdout).findings.length, 1600)
  assert.equal(code, 0)
  // Through a shell's pipe, to a reader that is slow to begin.
  const main = new URL('../main.ts', import.meta.url).pathname
  const piped = spawnSync(
    'sh',
    ['-c', '"$0" "$1" gaps --json | (read -r first; cat | wc -c)', process.execPath, main],
    {
      cwd: repository.folder,
      env: { PATH: process.env['PATH'], HOME: tmpdir() },
      encoding: 'utf8',
    },
  )
  assert.ok(Number(piped.stdout) > 1024 * 1024, piped.stdout + piped.stderr)
})

test('--output writes the report, and says so', async () => {
  await using repository = await createFolder(broken)
  const { code, stdout, stderr } = await repository.run(
    '--format',
    'sarif',
    '--output',
    'gaps.sarif',
  )
  assert.equal(code, 7)
  assert.equal(stdout, '')
  assert.match(stderr, /^1 finding written to gaps\.sarif/)
  const log = JSON.parse(await readFile(join(repository.folder, 'gaps.sarif'), 'utf8'))
  assert.equal(log.version, '2.1.0')
})

test('a baseline: what is known is not told again, what is gone is', async () => {
  await using repository = await createFolder(stale)
  const strict = [...onlyStale, '--fail-on', 'warning']
  const written = await repository.run(...onlyStale, '--write-baseline')
  assert.equal(written.code, 0)
  assert.ok(existsSync(join(repository.folder, '.keelson/gaps-baseline.json')))
  const known = await repository.run(...strict)
  assert.equal(known.code, 0)
  assert.match(known.stdout, /Not shown: 1 in the baseline/)
  await repository.write('compose.yaml', clean['compose.yaml'])
  const gone = await repository.run(...strict)
  assert.match(gone.stdout, /no longer found .*\n {2}suppression\/stale: /)
})

test('the rules are listed, and one is explained', async () => {
  await using repository = await createFolder({})
  const list = await repository.run('rules')
  assert.equal(list.code, 0)
  assert.match(list.stdout, /health\/no-check +\w+ +always +No health check/)
  const one = await repository.run('rules', 'health/no-check')
  assert.match(one.stdout, /^No health check {2}health\/no-check/)
  assert.match(one.stdout, /Example: /)
  const family = JSON.parse((await repository.run('rules', 'suppression', '--json')).stdout)
  assert.ok(family.length >= 3)
  const unknown = await repository.run('rules', 'health/no-chek')
  assert.equal(unknown.code, 2)
  assert.match(unknown.stderr, /did you mean health\/no-check/)
})

test('text of a repository cannot reach the terminal', async () => {
  await using repository = await createFolder({
    'compose.yaml':
      'services:\n  web:\n    "ima\\e[31mge\\a": x\n    imagee: "\u001b]0;title\u0007x"\n',
  })
  const { stdout } = await repository.run()
  assert.equal(stripVTControlCharacters(stdout), stdout)
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f]/)
})

const hasGit = spawnSync('git', ['--version']).status === 0

test(
  'diff: only what the change brings',
  { skip: hasGit ? false : 'git is not installed' },
  async () => {
    const two = (text: string) => `${text}  other:\n    image: registry.example.com/o:1\n`
    await using repository = await createFolder({ 'compose.yaml': two(stale['compose.yaml']) })
    const git = (...words: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.com', ...words], {
        cwd: repository.folder,
      })
    git('init', '--quiet')
    git('add', '--all')
    git('commit', '--quiet', '--message=x')
    const strict = ['diff', 'HEAD', ...onlyStale, '--fail-on', 'warning']
    const same = await repository.run(...strict)
    assert.equal(same.code, 0, same.stdout + same.stderr)
    assert.match(same.stdout, /^✓ Nothing new: the changes since HEAD bring no gaps\.\n/)
    await repository.write(
      'compose.yaml',
      `# moved\n${stale['compose.yaml']}  # keelson-ignore network: none\n  other:\n    image: registry.example.com/o:1\n`,
    )
    const changed = await repository.run(...strict, '--json')
    assert.equal(changed.code, 7, changed.stderr)
    const { findings } = JSON.parse(changed.stdout)
    assert.deepEqual(
      findings.map(({ message }: { message: string }) => /suppression of (\S+)/.exec(message)?.[1]),
      ['network'],
    )
    const unknown = await repository.run('diff', 'nowhere')
    assert.equal(unknown.code, 2)
    assert.match(unknown.stderr, /There is no commit nowhere/)
  },
)
