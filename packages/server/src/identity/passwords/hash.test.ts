import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../kernel/errors.ts'
import { createPasswords } from './hash.ts'

const typed = ' Gravel lantern oboe '

test('a password is kept as argon2id with 46 MiB, salted', async () => {
  const passwords = createPasswords()
  const [one, other] = [await passwords.hash(typed), await passwords.hash(typed)]
  assert.match(one, /^\$argon2id\$v=19\$m=47104,t=1,p=1\$/)
  assert.notEqual(one, other)
})

test('ASVS 6.2.8: a password is verified exactly as it was typed', async () => {
  const passwords = createPasswords()
  const stored = await passwords.hash(typed)
  assert.equal(await passwords.verify(stored, typed), true)
  for (const other of [typed.trim(), typed.toLowerCase(), typed.slice(0, -1), `${typed} `, '']) {
    assert.equal(await passwords.verify(stored, other), false, JSON.stringify(other))
  }
})

test('without a hash nothing is right', async () => {
  const passwords = createPasswords()
  assert.equal(await passwords.verify(null, typed), false)
  assert.equal(await passwords.verify(null, 'decoy'), false)
})

test('of many at once 66 are taken, and the others told to come back', async () => {
  const passwords = createPasswords()
  const stored = await passwords.hash(typed)
  const all = await Promise.allSettled(
    Array.from({ length: 70 }, () => passwords.verify(stored, typed)),
  )
  const refused = all.filter((one) => one.status === 'rejected')
  assert.equal(refused.length, 4)
  for (const { reason } of refused) {
    assert.ok(reason instanceof AppError && reason.code === 'sign_in_busy')
  }
  assert.equal(await passwords.verify(stored, typed), true)
})
