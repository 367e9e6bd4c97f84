import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../kernel/errors.ts'
import { isCommon } from './common.ts'
import { checkPassword } from './policy.ts'

const refusalOf = async (password: string, context: readonly string[] = []): Promise<string> => {
  try {
    await checkPassword(password, context)
    return ''
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === 'password_refused')
    return error.message
  }
}

test('ASVS 6.2.1: seven characters are too few, eight that nobody tries are enough', async () => {
  assert.match(await refusalOf('kq8#vzw'), /at least 8 characters/)
  assert.equal(await refusalOf('kq8#vzwm'), '')
})

test('ASVS 6.2.1: characters are counted and not their bytes', async () => {
  assert.match(await refusalOf('🦔🦔🐌🐌🦉🦉🐢'), /at least 8/)
  assert.equal(await refusalOf('🦔🦔🐌🐌🦉🦉🐢🐢'), '')
})

test('ASVS 6.2.4, 6.2.12: what is tried first is refused, in whatever case', async () => {
  for (const common of [
    'password',
    'Password1',
    '12345678',
    'QWERTYUIOP',
    'iloveyou',
    'trustno1',
  ]) {
    assert.match(await refusalOf(common), /tried first/, common)
  }
})

test('ASVS 6.2.12: of passwords nobody uses at most one in a hundred is taken for one', async () => {
  const taken = await Promise.all(
    Array.from({ length: 1000 }, (_, at) => isCommon(`unheard of ${at} lantern`)),
  )
  assert.ok(taken.filter(Boolean).length < 10)
})

test('ASVS 6.2.5: nothing is asked of a password but that it is hard to guess', async () => {
  for (const plain of ['gravel lantern oboe', 'кузнечик и арфа', '918273640519283', '!&)(*#%^@-']) {
    assert.equal(await refusalOf(plain), '', plain)
  }
})

test('ASVS 6.2.9: 64 characters and many more are taken, to 1024 bytes', async () => {
  const long = 'gravel lantern oboe / '.repeat(46)
  assert.equal(await refusalOf(long.slice(0, 64)), '')
  assert.equal(await refusalOf(long.slice(0, 1000)), '')
  assert.match(await refusalOf(`${long}${'x'.repeat(1024)}`), /at most 1024 bytes/)
})

test('ASVS 6.2.11: one’s own name, and Keelson’s, are no passwords', async () => {
  assert.match(await refusalOf('AnaMaria1', ['anamaria']), /Besides “anamaria”/)
  assert.match(await refusalOf('keelson2026'), /Besides “keelson”/)
  assert.equal(await refusalOf('anamaria counts gravel', ['anamaria']), '')
})

test('one character over and over is refused', async () => {
  assert.match(await refusalOf('xyxyxyxyxyxy'), /over and over/)
})
