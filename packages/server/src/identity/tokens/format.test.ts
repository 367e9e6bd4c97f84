import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newTokenId, newTokenSecret, readToken, tokenText } from './format.ts'

const made = () => {
  const id = newTokenId()
  const secret = newTokenSecret(id)
  return { id, secret, text: tokenText({ id, secret }) }
}

test('a token says where it is from, which it is, and that it is whole', () => {
  const { id, secret, text } = made()
  assert.match(text, /^kst_[a-z0-9]{16}_[A-Za-z0-9_-]{49}$/)
  assert.deepEqual(readToken(text), { id, secret })
  assert.notEqual(made().text, text)
})

test('what is no whole token is told from one without asking the database', () => {
  const { text } = made()
  fc.assert(
    fc.property(
      fc.nat(text.length - 1),
      fc.constantFrom(...Array.from('abzAZ059_-. é')),
      fc.boolean(),
      (at, letter, isAdded) => {
        const other = text.slice(0, at) + letter + text.slice(isAdded ? at : at + 1)
        assert.equal(readToken(other) === null, other !== text, other)
      },
    ),
  )
  for (const wrong of ['', 'kst_', `${text}a`, ` ${text}`, text.slice(0, -1), text.toUpperCase()]) {
    assert.equal(readToken(wrong), null, wrong)
  }
})
