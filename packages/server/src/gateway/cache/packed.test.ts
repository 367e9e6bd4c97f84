import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pack, unpack } from './packed.ts'
import { aStored } from './testing/stored.ts'

const stored = aStored({ fields: ['Cache-Control', 'max-age=60', 'X-Name', 'Zoë'], body: 'böse' })

void test('what was packed comes out again', () => {
  assert.deepEqual(unpack(pack(stored)), stored)
})

void test('what is not whole is nothing', () => {
  const whole = pack(stored)
  fc.assert(
    fc.property(fc.nat(whole.length - 1), (length) => {
      assert.equal(unpack(whole.subarray(0, length)), undefined)
    }),
  )
  assert.equal(unpack(Buffer.concat([whole, Buffer.from('x')])), undefined)
})

void test('one wrong bit anywhere is found', () => {
  const whole = pack(stored)
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(7), (at, bit) => {
      const changed = Buffer.from(whole)
      changed.writeUInt8((changed[at] ?? 0) ^ (1 << bit), at)
      assert.equal(unpack(changed), undefined)
    }),
  )
})
