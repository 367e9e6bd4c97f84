import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'

/** The steps of deploy/github-action, run with bash as a runner of GitHub Actions runs them. */
const workspace = resolve(import.meta.dirname, '../../..')
const actionFolder = join(workspace, 'deploy/github-action')

type Step = { id?: string; shell: string; env: Record<string, string>; run: string }
type Action = {
  inputs: Record<string, { default?: string; required?: boolean }>
  outputs: Record<string, { value: string }>
  runs: { using: string; steps: Step[] }
}

/** Node of this machine rather than the one of this repository. */
const searchPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((part) => !part.includes('node_modules'))
  .join(delimiter)
const baseEnv = {
  ...{ PATH: searchPath, HOME: tmpdir(), GIT_CONFIG_NOSYSTEM: '1', npm_config_offline: 'true' },
  ...{ npm_config_update_notifier: 'false', GITHUB_ACTION_PATH: actionFolder },
}
const isThere = (program: string): boolean =>
  spawnSync(program, ['--version'], { env: baseEnv }).status === 0
const absent = ['npm', 'git', 'bash'].find((program) => !isThere(program))
const skip = absent === undefined ? false : `${absent} is not installed`

let folder = ''
let tarball = ''
/** The temporary folder of the runner, in which the command is installed once. */
let runner = ''
let action: Action

before(async () => {
  action = parse(await readFile(join(actionFolder, 'action.yml'), 'utf8'))
  if (skip !== false) return
  folder = await mkdtemp(join(tmpdir(), 'keelson-action-'))
  const staging = join(folder, 'package')
  await mkdir(staging)
  const script = join(workspace, 'packages/cli/scripts/pack.mjs')
  execFileSync(process.execPath, [script, 'build', staging])
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, staging]
  const [packed] = JSON.parse(execFileSync('npm', words, { env: baseEnv, cwd: folder }).toString())
  tarball = join(folder, packed.filename)
  runner = join(folder, 'runner')
  await mkdir(runner)
})

after(() => rm(folder, { recursive: true, force: true }))

const git = (cwd: string, ...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args], {
    ...{ cwd, env: baseEnv, encoding: 'utf8' },
  }).trim()

const webOnly = 'name: shop\nservices:\n  web:\n    image: nginx:latest\n'
const withDatabase = `${webOnly}  db:\n    image: postgres:17\n    privileged: true\n    ports: ["5432:5432"]\n`

/** A checkout of a pull request that adds a database, and the commit it starts from. */
const makeCheckout = async (): Promise<{ checkout: string; base: string }> => {
  const checkout = await mkdtemp(join(folder, 'checkout-'))
  git(checkout, 'init', '--quiet')
  await writeFile(join(checkout, 'compose.yaml'), webOnly)
  git(checkout, 'add', '.')
  git(checkout, 'commit', '--quiet', '-m', 'web')
  const base = git(checkout, 'rev-parse', 'HEAD')
  await writeFile(join(checkout, 'compose.yaml'), withDatabase)
  git(checkout, 'commit', '--quiet', '-a', '-m', 'db')
  return { checkout, base }
}

/** `${{ a || b }}` of inputs and of the base of the pull request; nothing else is used. */
const evaluate = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$\{\{(.*?)\}\}/g, (_, expression: string) => {
    const names = expression.split('||').map((name) => name.trim())
    return names.map((name) => values[name] ?? '').find((value) => value !== '') ?? ''
  })

/** All steps until one fails; the command is installed by the first run and kept. */
const runAction = async (
  checkout: string,
  inputs: Readonly<Record<string, string>>,
  pullRequestBase = '',
) => {
  const files = await mkdtemp(join(folder, 'files-'))
  const [output, summary] = [join(files, 'output'), join(files, 'summary.md')]
  await Promise.all([output, summary].map((file) => writeFile(file, '')))
  const values: Record<string, string> = { 'github.event.pull_request.base.sha': pullRequestBase }
  for (const [name, { default: unless }] of Object.entries(action.inputs)) {
    values[`inputs.${name}`] = inputs[name] ?? unless ?? ''
  }
  let last = { status: 0 as number | null, stdout: '', stderr: '' }
  const isInstalled = inputs['package'] === tarball && existsSync(join(runner, 'keelson'))
  for (const { env, run } of action.runs.steps.slice(isInstalled ? 1 : 0)) {
    const given = Object.entries(env).map(([name, text]) => [name, evaluate(text, values)] as const)
    last = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', run], {
      env: {
        ...{ ...baseEnv, RUNNER_TEMP: runner, GITHUB_WORKSPACE: checkout },
        ...{ GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary },
        ...Object.fromEntries(given),
      },
      ...{ cwd: checkout, encoding: 'utf8' },
    })
    if (last.status !== 0) break
  }
  const left = (await readdir(runner)).filter((name) => name.startsWith('keelson-gaps'))
  assert.deepEqual(left, [], 'nothing of the work is left')
  return {
    ...last,
    outputs: await readFile(output, 'utf8'),
    summary: await readFile(summary, 'utf8'),
  }
}

test('action.yml takes its inputs as variables, and says what it gives', () => {
  const { inputs, outputs, runs } = action
  assert.equal(runs.using, 'composite')
  for (const { run, shell } of runs.steps) {
    assert.equal(shell, 'bash')
    assert.doesNotMatch(run, /\$\{\{/)
    const [, script = ''] = /GITHUB_ACTION_PATH\/([\w.-]+)"/.exec(run) ?? []
    assert.ok(existsSync(join(actionFolder, script)), script)
  }
  const used = runs.steps.flatMap(({ env }) => Object.values(env)).join(' ')
  for (const name of Object.keys(inputs)) assert.ok(used.includes(`inputs.${name} `), name)
  const ids = runs.steps.flatMap(({ id }) => id ?? [])
  for (const { value } of Object.values(outputs)) {
    assert.ok(ids.includes(/steps\.(\w+)\.outputs/.exec(value)?.[1] ?? ''), value)
  }
})

test('a pull request is told what it brings, and fails on it', { skip }, async () => {
  const { checkout, base } = await makeCheckout()
  const { status, stdout, stderr, outputs, summary } = await runAction(
    checkout,
    { package: tarball, sarif: 'gaps.sarif', 'fail-on': 'warning' },
    base,
  )
  assert.equal(status, 7, stderr + stdout)
  const lines = stdout.trimEnd().split('\n')
  assert.ok(lines.every((line) => /^::(?:error|warning|notice) file=compose\.yaml,/.test(line)))
  assert.match(stdout, /^::warning .*\(security\/privileged\)/m)
  assert.doesNotMatch(stdout, /floating-image/, 'which was there before')
  const counts = ['error', 'warning', 'notice'].map(
    (level) => `${level}s=${lines.filter((line) => line.startsWith(`::${level} `)).length}`,
  )
  assert.equal(outputs, `${counts.join('\n')}\n`)
  assert.match(summary, /^## Gaps\n/)
  assert.match(summary, /privileged/)
  const sarif = JSON.parse(await readFile(join(checkout, 'gaps.sarif'), 'utf8'))
  assert.equal(sarif.runs[0].results.length, lines.length)
})

test('without a base all is told; rules and severity are those asked for', { skip }, async () => {
  const { checkout } = await makeCheckout()
  const asked = { package: tarball, rules: 'configuration\nhealth, network', 'fail-on': 'never' }
  const { status, stdout, stderr, summary } = await runAction(checkout, asked)
  assert.equal(status, 0, stderr + stdout)
  assert.match(stdout, /configuration\/floating-image/)
  assert.doesNotMatch(stdout, /\(security\//)
  assert.match(summary, /floating-image/)
})

test('what cannot be read is an error that says so', { skip }, async () => {
  const { checkout } = await makeCheckout()
  const base = '0123456789012345678901234567890123456789'
  const absentBase = await runAction(checkout, { package: tarball }, base)
  assert.equal(absentBase.status, 2)
  assert.match(absentBase.stdout, /^::error title=keelson gaps::.*0123456789/)
  const noRule = await runAction(checkout, { package: tarball, rules: 'helth' })
  assert.equal(noRule.status, 2)
  assert.match(noRule.stdout, /^::error title=keelson gaps::.*helth/)
  const noFolder = await runAction(checkout, { package: tarball, sarif: 'absent/gaps.sarif' })
  assert.equal(noFolder.status, 2)
  assert.match(noFolder.stdout, /::error title=keelson gaps::.*absent/)
})

test('no input is run, taken for an option or for a workflow command', { skip }, async () => {
  const { checkout } = await makeCheckout()
  const bad = `x; touch pwned; $(touch pwned) \`touch pwned\` '"\n::warning::injected`
  const refused = [
    [{ base: bad }, /x; touch pwned/],
    [{ path: bad }, /There is no folder .*x; touch pwned/],
    [{ rules: bad }, /There is no rule x;touchpwned/],
    [{ sarif: `absent/${bad}` }, /absent\/x; touch pwned.* cannot be written/],
    [{ 'fail-on': bad }, /x; touch pwned/],
    [{ base: '--output=pwned' }, /--output=pwned/],
    [{ path: '--write-baseline' }, /There is no folder .*--write-baseline/],
  ] as const
  for (const [inputs, says] of refused) {
    const { status, stdout } = await runAction(checkout, { package: tarball, ...inputs })
    assert.equal(status, 2, `${JSON.stringify(inputs)}\n${stdout}`)
    const [last = ''] = stdout
      .split('\n')
      .filter((line) => line.startsWith('::error title=keelson'))
    assert.match(last, says)
    assert.doesNotMatch(stdout, /^::warning::injected/m)
  }
  assert.deepEqual(git(checkout, 'status', '--short'), '')
  const noPackage = await runAction(checkout, { package: '--version' })
  assert.equal(noPackage.status, 2)
  assert.equal(noPackage.stdout, '')
})

/** A packed command that leaves a file behind when it is run. */
const packEvil = async (mark: string): Promise<string> => {
  const staging = await mkdtemp(join(folder, 'evil-'))
  const manifest = { name: 'keelson', version: '1.2.3', bin: { keelson: 'run.js' } }
  await writeFile(join(staging, 'package.json'), JSON.stringify(manifest))
  const program = `#!/usr/bin/env node\nrequire('node:fs').writeFileSync(${JSON.stringify(mark)}, '')\n`
  await writeFile(join(staging, 'run.js'), program)
  execFileSync('npm', ['pack', '--ignore-scripts', '--loglevel=error'], {
    ...{ env: baseEnv, cwd: staging },
  })
  return join(staging, 'keelson-1.2.3.tgz')
}

/** The first step alone, with a temporary folder of its own. */
const install = async (checkout: string, named: string) => {
  const temporary = await mkdtemp(join(folder, 'runner-'))
  const env = { ...baseEnv, RUNNER_TEMP: temporary, GITHUB_WORKSPACE: checkout }
  return spawnSync('bash', [join(actionFolder, 'install.sh')], {
    ...{ cwd: checkout, encoding: 'utf8', env: { ...env, GAPS_PACKAGE: named } },
  })
}

test('no file that a pull request brings is installed, whatever its name', { skip }, async () => {
  const { checkout } = await makeCheckout()
  const mark = join(folder, 'pwned')
  const evil = await packEvil(mark)
  const names = ['evil.tgz', 'keelson@1.2.3', 'keelson@latest.tgz', 'keelson']
  await copyFile(evil, join(checkout, 'evil.tgz'))
  for (const name of names.slice(1)) await symlink('evil.tgz', join(checkout, name))
  await symlink(join(checkout, 'evil.tgz'), join(folder, 'link.tgz'))
  await symlink(checkout, join(folder, 'around'))
  const files = [
    ...[...names, './evil.tgz', 'file:evil.tgz', `file:${checkout}/evil.tgz`, 'x@file:evil.tgz'],
    ...[`${checkout}/evil.tgz`, `${folder}/link.tgz`, `${folder}/around/evil.tgz`, checkout],
    ...['git+file:///x', 'team/keelson', 'https://example.com/x.tgz', '', '.', '..'],
  ]
  for (const file of files) {
    const { status, stderr } = await install(checkout, file)
    assert.notEqual(status, 0, file)
    assert.match(stderr, /^The package .* is not installed|npm error/, file)
    assert.ok(!existsSync(mark), `${file} was run`)
  }
  assert.equal((await install(checkout, evil)).status, 0, 'one from elsewhere is')
  assert.ok(existsSync(mark))
})
