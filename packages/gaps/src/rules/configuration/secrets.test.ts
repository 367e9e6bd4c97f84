import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audit } from '../../audit.ts'
import { rules } from '../index.ts'
import { createRepository } from '../../testing/repository.ts'

const some = rules.filter(({ id }) =>
  ['configuration/secret-in-file', 'configuration/default-password'].includes(id),
)

const find = async (files: Readonly<Record<string, string>>) => {
  await using repository = await createRepository(files)
  const { findings } = await audit({ root: repository.root, rules: some })
  return findings.map(({ message, fix, evidence: [first] }) => ({
    message,
    fix,
    at: `${first?.file}:${first?.line}:${first?.column}`,
    facts: Object.keys(first ?? {}),
  }))
}

const values = `x-keys: &keys
  JWT_SECRET: 9f8A2kd0PqZ7mLx41TrEwbVn
x-login: &login
  ADMIN_PASSWORD: \${GATE_WORD:-changeme}
services:
`
const image = '    image: registry.example.com/api:1\n'

for (const [title, environment] of [
  ['one', '      <<: *keys\n'],
  ['a list of anchors', '      <<: [*login, *keys]\n      MODE: fast\n'],
]) {
  test(`a value that a merge key brings is shown where it stands: ${title}`, async () => {
    const text = `${values}  api:\n${image}    environment:\n${environment}`
    const secret = (await find({ 'compose.yaml': text })).find(({ fix }) => /JWT/.test(fix))
    assert.equal(secret?.at, 'compose.yaml:2:15')
    assert.deepEqual(secret.facts, ['file', 'line', 'column', 'fact'])
  })
}

test('a whole environment by an alias, and a service by extends', async () => {
  const text = `${values}  api:\n${image}    environment: *keys\n  copy:\n    extends: api\n`
  const [secret, ...others] = await find({ 'compose.yaml': text })
  assert.deepEqual(others, [])
  assert.equal(secret?.at, 'compose.yaml:2:15')
})

test('the fix names the variable that the value is given by', async () => {
  const compose = `${values}  api:\n${image}    environment:\n      <<: *login\n      API_TOKEN: \${TOKEN_OF_API}\n`
  const found = await find({
    'compose.yaml': compose,
    '.env': 'TOKEN_OF_API=9f8A2kd0PqZ7mLx41TrEwbVn\n',
  })
  const fixes = found.map(({ at, fix }) => `${at} ${fix}`).toSorted()
  assert.equal(fixes.length, 2)
  assert.match(fixes[0] ?? '', /^\.env:1:1 Replace it by \$\{TOKEN_OF_API:\?\}/)
  assert.match(fixes[1] ?? '', /^compose\.yaml:4:19 Write ADMIN_PASSWORD: \$\{GATE_WORD:\?\}/)
})
