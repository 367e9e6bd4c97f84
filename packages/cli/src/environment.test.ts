import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environmentVariables } from '../../server/src/kernel/env.ts'
import { checkEnvironment, environmentOfPlatform, keelsonVariables } from './environment.ts'
import { CommandError } from './failure.ts'
import { runKeelson } from './testing/platform-fixture.ts'

test('the command knows the variables of the platform, and no others', () => {
  const ofPlatform = Object.keys(environmentVariables).filter((name) => name.startsWith('KEELSON_'))
  assert.deepEqual([...keelsonVariables].sort(), ofPlatform.sort())
})

test('a variable that is told to services is none of a person, and no error', () => {
  checkEnvironment({ KEELSON_INSTANCE: 'shop-web-1', KEELSON_PORT: '7070', HOME: '/' })
})

test('the platform is started without the token of whoever starts it', () => {
  const env = { KEELSON_TOKEN: 'kst_a_b', KEELSON_URL: 'https://x', KEELSON_PORT: '1', HOME: '/' }
  assert.deepEqual(environmentOfPlatform(env), { KEELSON_PORT: '1', HOME: '/' })
})

test('an unknown variable is refused with what may have been meant', () => {
  assert.throws(() => checkEnvironment({ KEELSON_DATADIR: '/x' }), {
    message: 'KEELSON_DATADIR is not a variable Keelson knows; did you mean KEELSON_DATA_DIR?',
  })
  assert.throws(() => checkEnvironment({ KEELSON_X: '1' }), CommandError)
})

for (const verb of ['ps', 'status', 'plan', 'config', 'doctor', 'version']) {
  test(`${verb} refuses an unknown variable with exit code 2`, async () => {
    const { code, stderr } = await runKeelson([verb], { env: { KEELSON_PROT: '1' } })
    assert.equal(code, 2)
    assert.match(stderr, /KEELSON_PROT is not a variable .* KEELSON_PORT\?/)
  })
}
