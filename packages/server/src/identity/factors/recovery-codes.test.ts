import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { addTotp, giveCode } from '../testing/factors.ts'
import { isError, openIdentity, type Opened } from '../testing/open-identity.ts'

const open = async () => {
  const keelson = await openIdentity()
  await keelson.addPerson('ana')
  const { token, deviceMark } = await keelson.signIn('ana')
  const ana = await keelson.authenticate(token)
  const { recoveryCodes } = await addTotp(keelson, ana)
  return { ...keelson, token, deviceMark, ana, recoveryCodes, own: keelson.identity.factors.own }
}

const signInBy = async (keelson: Opened & { deviceMark: string }, code: string) => {
  const { deviceMark } = keelson
  const asked = await keelson.askedAfterPassword('ana', { deviceMark })
  return giveCode(keelson, { ...asked, code }, { deviceMark })
}

test('ASVS 6.5.2: recovery codes have 120 random bits, and digests of them are kept', async () => {
  await using keelson = await open()
  const { recoveryCodes } = keelson
  assert.equal(new Set(recoveryCodes).size, 8)
  for (const code of recoveryCodes) {
    assert.match(code, /^(?:[0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/)
  }
  const rows = await keelson.db.many<{ code_digest: Buffer }>(
    'select * from identity.recovery_code',
  )
  assert.deepEqual(
    new Set(rows.map(({ code_digest }) => code_digest.toString('hex'))),
    new Set(
      recoveryCodes.map((code) =>
        createHash('sha256').update(code.replaceAll('-', '')).digest('hex'),
      ),
    ),
  )
})

test('ASVS 6.5.1: a recovery code stands in for the app, once, however it is typed', async () => {
  await using keelson = await open()
  const [first = '', second = '', third = ''] = keelson.recoveryCodes
  await signInBy(keelson, first)
  await assert.rejects(signInBy(keelson, first), isError('factor_refused'))
  await signInBy(keelson, second.toLowerCase().replaceAll('-', ' '))
  await signInBy(keelson, third.replaceAll('0', 'o').replaceAll('1', 'l'))
  assert.equal((await keelson.own.describe(keelson.ana)).recoveryCodesLeft, 5)
  assert.deepEqual(
    await keelson.audited('recovery_code.used'),
    Array.from({ length: 3 }, () => 'recovery_code.used done by ana about ana'),
  )
})

test('ASVS 6.5.1: of five who give one recovery code at once one gets in', async () => {
  await using keelson = await open()
  const [code = ''] = keelson.recoveryCodes
  const tries = await Promise.allSettled([1, 2, 3, 4, 5].map(() => signInBy(keelson, code)))
  assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
})

test('new recovery codes end those before; without a second factor there are none', async () => {
  await using keelson = await open()
  const [before = ''] = keelson.recoveryCodes
  const { codes } = await keelson.own.createRecoveryCodes(keelson.ana)
  await assert.rejects(signInBy(keelson, before), isError('factor_refused'))
  await signInBy(keelson, codes[7] ?? '')
  await keelson.own.deleteTotp(keelson.ana)
  await assert.rejects(keelson.own.createRecoveryCodes(keelson.ana), isError('bad_request'))
})

test('the recovery code of one person is none of another', async () => {
  await using keelson = await open()
  await keelson.addPerson('leo')
  const leo = await keelson.authenticate((await keelson.signIn('leo')).token)
  const { recoveryCodes } = await addTotp(keelson, leo)
  await assert.rejects(signInBy(keelson, recoveryCodes[0] ?? ''), isError('factor_refused'))
})
