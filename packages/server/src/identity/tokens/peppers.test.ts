import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeyring } from '../../kernel/keys/index.ts'
import { newTokenId } from './format.ts'
import { createPeppers } from './peppers.ts'

test('a token under a master key that is gone counts for nothing', () => {
  const peppers = (...numbers: number[]) =>
    createPeppers(createKeyring(new Map(numbers.map((one) => [one, Buffer.alloc(32, one)]))))
  const parts = { id: newTokenId(), secret: 's' }
  const kept = peppers(1).keep(parts)
  assert.deepEqual([kept.pepper, peppers(1, 2).isOld(kept)], [1, true])
  assert.equal(peppers(1, 2).isKept(parts, kept), true)
  assert.equal(peppers(2).isKept(parts, kept), false)
  assert.equal(peppers(2).isKept(parts, { ...kept, pepper: 2 }), false)
  assert.equal(peppers(1).isKept({ ...parts, secret: 't' }, kept), false)
  assert.equal(peppers(1).isKept({ ...parts, id: newTokenId() }, kept), false)
  assert.equal(peppers(1).isKept(parts, null), false)
})
