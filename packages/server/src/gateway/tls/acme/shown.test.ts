import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Challenge } from './client.ts'
import { createShown } from './shown.ts'

const proving = (type: Challenge['type'], token: string): Challenge => ({
  ...{ type, name: 'a.test', token, keyAuthorization: `${token}.me`, digest: Buffer.from(token) },
})

test('an answer is shown until it is withdrawn, and both times that is put into effect', async () => {
  const applied: object[] = []
  const shown = createShown(async () => void applied.push(shown.state()))
  const answer = await shown.present(proving('http-01', 'one'))
  await answer.withdraw()
  assert.deepEqual(applied, [
    { challenges: { one: 'one.me' }, proofs: {} },
    { challenges: {}, proofs: {} },
  ])
})

test('who proves a name after somebody else is not withdrawn with them', async () => {
  const shown = createShown(async () => {})
  const first = await shown.present(proving('tls-alpn-01', 'one'))
  await shown.present(proving('tls-alpn-01', 'two'))
  await first.withdraw()
  assert.deepEqual(shown.state().proofs, { 'a.test': Buffer.from('two').toString('base64url') })
})

test('what cannot be put into effect is not left behind', async () => {
  const shown = createShown(() => Promise.reject(new Error('not in time')))
  await assert.rejects(shown.present(proving('http-01', 'one')), { message: 'not in time' })
  assert.deepEqual(shown.state(), { challenges: {}, proofs: {} })
})
