import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../kernel/errors.ts'
import { createPasswords } from './hash.ts'

const typed = ' Gravel lantern oboe '

test('ASVS 11.4.2: a password is kept as argon2id with 46 MiB, salted', async () => {
  const passwords = createPasswords()
  const [one, other] = [await passwords.hash(typed), await passwords.hash(typed)]
  assert.match(one, /^\$argon2id\$v=19\$m=47104,t=1,p=1\$/)
  assert.notEqual(one, other)
})

test('ASVS 6.2.8: a password is verified exactly as it was typed', async () => {
  const passwords = createPasswords()
  const stored = await passwords.hash(typed)
  assert.equal(await passwords.verify(async () => stored, typed), true)
  for (const other of [typed.trim(), typed.toLowerCase(), typed.slice(0, -1), `${typed} `, '']) {
    assert.equal(await passwords.verify(async () => stored, other), false, JSON.stringify(other))
  }
})

test('without a hash nothing is right', async () => {
  const passwords = createPasswords()
  assert.equal(await passwords.verify(async () => null, typed), false)
  assert.equal(await passwords.verify(async () => null, 'decoy'), false)
})

test('of many strangers at once 65 are taken, and the others told to come back', async () => {
  const passwords = createPasswords()
  const stored = await passwords.hash(typed)
  const all = await Promise.allSettled(
    Array.from({ length: 70 }, () => passwords.verify(async () => stored, typed)),
  )
  const refused = all.filter((one) => one.status === 'rejected')
  assert.equal(refused.length, 5)
  for (const { reason } of refused) {
    assert.ok(reason instanceof AppError && reason.code === 'sign_in_busy')
  }
  assert.equal(await passwords.verify(async () => stored, typed), true)
})

test('ASVS 6.1.1: who is known waits for no strangers, and is not refused for their sake', async () => {
  const passwords = createPasswords()
  const stored = await passwords.hash(typed)
  const ended: string[] = []
  const strangers = Array.from({ length: 65 }, () =>
    passwords.verify(async () => stored, 'wrong').then(() => ended.push('stranger')),
  )
  const known = Array.from({ length: 4 }, () =>
    passwords.verify(async () => stored, typed, true).then(() => ended.push('known')),
  )
  await Promise.all([...strangers, ...known])
  assert.ok(ended.lastIndexOf('known') < 12, ended.slice(0, 20).join(' '))
})
