import assert from 'node:assert/strict'
import { mkdir, symlink } from 'node:fs/promises'
import { test } from 'node:test'
import { audit } from '../audit.ts'
import { rules } from '../rules/index.ts'
import { createRepository } from '../testing/repository.ts'
import { GapsInputError } from './input-error.ts'
import { parseSettings, readSettings } from './settings.ts'

const compose = 'services:\n  db:\n    image: postgres:17\n'
const onlyHealth = rules.filter(({ id }) => id === 'health/no-check')

const faultsOf = (text: string): string[] => {
  try {
    parseSettings('/r/gaps.yaml', text, rules)
    return []
  } catch (error) {
    assert.ok(error instanceof GapsInputError)
    return error.faults.map(
      ({ line, column, message, hint }) => `${line}:${column} ${message} (${hint})`,
    )
  }
}

test('a rule is off, has another severity, or only its family is spoken of', async () => {
  const settings = (text: string) => ({ 'compose.yaml': compose, '.keelson/gaps.yaml': text })
  const find = async (text: string) => {
    await using repository = await createRepository(settings(text))
    const { findings } = await audit({ root: repository.root, rules: onlyHealth })
    return findings.map(({ severity }) => severity)
  }
  const [usual] = await find('')
  assert.ok(usual !== undefined && usual !== 'error')
  assert.deepEqual(await find('rules: { health/no-check: { set: off, reason: why } }'), [])
  assert.deepEqual(await find('rules: { health/no-check: { set: error, reason: why } }'), ['error'])
  assert.deepEqual(await find('rules: { health: { set: off, reason: why } }'), [])
  const both = `rules:
  health: { set: off, reason: elsewhere }
  health/no-check: { set: on, reason: but this one }
`
  assert.deepEqual(await find(both), [usual])
})

test('paths are left out, and still there for who asks', async () => {
  await using repository = await createRepository({
    'compose.yaml': compose,
    'legacy/compose.yaml': compose,
    '.keelson/gaps.yaml': 'leave-out: [legacy]\nfail-on: warning\n',
  })
  const { systems, settings, tree } = await audit({ root: repository.root })
  assert.deepEqual(
    systems.map(({ folder }) => folder),
    [''],
  )
  assert.equal(settings.failOn, 'warning')
  assert.ok(tree.has('legacy'))
})

const wrong: [name: string, text: string, faults: string[]][] = [
  ['an unknown key', 'fail-onn: error\n', ['1:1 unknown key fail-onn (did you mean fail-on?)']],
  [
    'an unknown rule',
    'rules:\n  health/no-chek: { set: off, reason: x }\n',
    ['2:3 there is no rule health/no-chek (did you mean health/no-check?)'],
  ],
  [
    'no reason',
    'rules:\n  health/no-check: { set: off }\n',
    ['2:3 health/no-check: reason is missing (say why, for who reads it)'],
  ],
  [
    'a word that is none of those',
    'fail-on: errors\n',
    ['1:10 must be one of error, warning, never (did you mean error?)'],
  ],
  [
    'something else than a list',
    'leave-out: legacy\n',
    ['1:12 leave-out must be a list of paths (leave-out: [legacy/**])'],
  ],
  [
    'more paths than anybody has',
    `leave-out:\n${'  - "**/*a"\n'.repeat(201)}`,
    ['202:5 leave-out has 201 paths, more than 200 (name the folders above them)'],
  ],
  [
    'a path longer than any',
    `leave-out: ["${'**/'.repeat(101)}a"]\n`,
    ['1:13 must be a path of at most 300 characters, * and ** allowed (undefined)'],
  ],
  ['an alias', 'rules: &r\n  health: *r\n', ['2:11 aliases are not read here (undefined)']],
]

for (const [name, text, expected] of wrong) {
  test(`refused with its place: ${name}`, () => {
    const faults = faultsOf(text)
    assert.deepEqual(faults.slice(0, expected.length), expected)
  })
}

test('broken YAML is refused with its place', () => {
  const [fault = ''] = faultsOf('rules: [\n')
  assert.match(fault, /^2:1 /)
})

test('settings that lie outside of the repository are refused, and nothing of them is told', async () => {
  await using outside = await createRepository({ 'gaps.yaml': 'password: hunter2\n' })
  const says = async (link: (path: (file: string) => string) => Promise<void>) => {
    await using repository = await createRepository()
    await link(repository.path)
    const { root } = repository
    return assert.rejects(readSettings(root, rules), (error: Error) => {
      assert.ok(error instanceof GapsInputError)
      assert.match(error.message, /gaps\.yaml: .* link/)
      assert.doesNotMatch(error.message, /password|hunter2/)
      return true
    })
  }
  await says((path) => symlink(outside.root, path('.keelson')))
  await says(async (path) => {
    await mkdir(path('.keelson'))
    await symlink(outside.path('gaps.yaml'), path('.keelson/gaps.yaml'))
  })
})
