import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fieldValue } from './field-value.ts'

test('no text becomes a second line on the wire, and what can be read stays', () => {
  assert.equal(fieldValue('Ada Lovelace'), 'Ada Lovelace')
  assert.equal(fieldValue('a\r\nX-Evil: b'), 'a X-Evil: b')
  assert.equal(Buffer.from(fieldValue('Zoë \u{10a}'), 'latin1').toString('utf8'), 'Zoë \u{10a}')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const bytes = Buffer.from(fieldValue(text), 'latin1')
      assert.ok(bytes.every((byte) => byte >= 0x20 && byte !== 0x7f))
    }),
  )
})
