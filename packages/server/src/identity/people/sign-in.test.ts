import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppError } from '../../kernel/errors.ts'
import { createPasswords, type Passwords } from '../passwords/hash.ts'
import { isError, openIdentity, password, visitor } from '../testing/open-identity.ts'
import { createDevices } from './devices.ts'
import { createSignIn } from './sign-in.ts'
import { createThrottle } from './throttle.ts'

test('name and password open a session, and the audit says from where', async () => {
  await using keelson = await openIdentity()
  const id = await keelson.addPerson('Ana')
  const { token, expiresAt } = await keelson.signIn('ana', { userAgent: 'Firefox/140.0 (Linux)' })
  const actor = await keelson.authenticate(token)
  assert.deepEqual([actor.kind, actor.id, actor.name], ['user', id, 'Ana'])
  assert.deepEqual(actor.expiresAt, expiresAt)
  assert.equal(actor.origin.provenBy, 'cookie')
  const { detail } = await keelson.db.one<{ detail: string }>(
    `select detail from kernel.audit_entry where action = 'session.created'`,
  )
  assert.match(detail, /"methods":\["password"\].*"address":"192\.0\.2\.7"/)
  assert.ok(!detail.includes(token))
})

const refused: [string, { name?: string; password?: string; disabled?: boolean }][] = [
  ['a wrong password', { password: 'not this one' }],
  ['the password in another case', { password: password.toUpperCase() }],
  ['an empty password', { password: '' }],
  ['a name nobody has', { name: 'nobody' }],
  ['somebody disabled', { disabled: true }],
]
test('ASVS 6.3.8: whatever is wrong, the answer is the same', async () => {
  const answers: unknown[] = []
  for (const [what, given] of refused) {
    await using keelson = await openIdentity()
    await keelson.addPerson('ana')
    if (given.disabled === true) {
      await keelson.db.execute('update identity.principal set disabled_at = now()')
    }
    const { name = 'ana', ...rest } = given
    await assert.rejects(keelson.signIn(name, rest), (error: AppError) => {
      answers.push({ code: error.code, message: error.message, details: error.details })
      return true
    })
    assert.equal((await keelson.audited('session.refused')).length, 1, what)
  }
  assert.equal(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1)
})

test('ASVS 6.3.8: a name nobody has costs as many queries and verifications as another', async () => {
  await using keelson = await openIdentity()
  await keelson.addPerson('ana')
  const { db, clock, deps } = keelson
  const passwords = createPasswords()
  const work = { verifications: 0, queries: 0 }
  const counted: Passwords = {
    hash: (given) => passwords.hash(given),
    verify: (stored, given) => {
      work.verifications += 1
      return passwords.verify(stored, given)
    },
  }
  const signIn = createSignIn({
    ...deps,
    db: {
      ...db,
      maybe: (...query) => {
        work.queries += 1
        return db.maybe(...query)
      },
    },
    ...{ passwords: counted, throttle: createThrottle(clock) },
    devices: createDevices(deps),
    finishFirstFactor: keelson.identity.factors.secondStep.finishFirstFactor,
  })
  const workFor = async (name: string) => {
    Object.assign(work, { verifications: 0, queries: 0 })
    const caller = { actor: visitor(), userAgent: null, deviceMark: undefined }
    await assert.rejects(
      signIn({ name, password: 'wrong one' }, caller),
      isError('sign_in_refused'),
    )
    const { count } = await db.one<{ count: string }>('select count(*) from kernel.audit_entry')
    return { ...work, rows: Number(count) }
  }
  assert.deepEqual(await workFor('ana'), { verifications: 1, queries: 1, rows: 1 })
  assert.deepEqual(await workFor('nobody'), { verifications: 1, queries: 1, rows: 2 })
  assert.deepEqual(await workFor('no other'), { verifications: 1, queries: 1, rows: 3 })
})

test('ASVS 16.3.1: a name nobody has may be a password: it is told as a fingerprint', async () => {
  await using keelson = await openIdentity()
  await assert.rejects(keelson.signIn('my secret passphrase'), isError('sign_in_refused'))
  const [row = ''] = await keelson.audited('session.refused')
  assert.match(row, /^session\.refused denied by anonymous about [0-9a-f]{12}$/)
})

test('ASVS 7.2.4: signing in gives another token and ends the session one came with', async () => {
  await using keelson = await openIdentity()
  await keelson.addPerson('ana')
  const first = await keelson.signIn('ana')
  const actor = await keelson.authenticate(first.token)
  const second = await keelson.signIn('ana', { actor })
  assert.notEqual(second.token, first.token)
  assert.equal(await keelson.kindOf(first.token), 'anonymous')
  assert.equal(await keelson.kindOf(second.token), 'user')
})

test('ASVS 6.1.1: who is guessed at signs in where they did before', async () => {
  await using keelson = await openIdentity()
  await keelson.addPerson('ana')
  const { deviceMark } = await keelson.signIn('ana')
  const guess = () => keelson.signIn('ana', { password: 'a guess' })
  for (let time = 0; time < 4; time += 1) await assert.rejects(guess(), isError('sign_in_refused'))
  await assert.rejects(guess(), isError('sign_in_delayed'))
  await assert.rejects(keelson.signIn('ana'), isError('sign_in_delayed'))
  await keelson.signIn('ana', { deviceMark })
})

test('the mark of a device is good for its name alone, and for no other key', async () => {
  await using keelson = await openIdentity()
  await keelson.addPerson('ana')
  await keelson.addPerson('leo')
  const devices = createDevices(keelson.deps)
  const { deviceMark: mark } = await keelson.signIn('ana')
  assert.equal(await devices.known('ana', mark), mark.slice(0, 22))
  assert.equal(await devices.known('leo', mark), null)
  const [random = '', generation = '', end = '', mac = ''] = mark.split('.')
  const later = `${random}.${generation}.${Number(end) + 1}.${mac}`
  const next = `${random}.${Number(generation) + 1}.${end}.${mac}`
  const others = [undefined, '', mark.slice(0, -1), `x${mark}`, `${mark.slice(0, -2)}AA`]
  for (const other of [...others, later, next]) {
    assert.equal(await devices.known('ana', other), null, String(other))
  }
  keelson.clock.advance(400 * 24 * 3_600_000 - 1000)
  assert.equal(await devices.known('ana', mark), mark.slice(0, 22))
  keelson.clock.advance(1000)
  assert.equal(await devices.known('ana', mark), null, 'after 400 days')
})
