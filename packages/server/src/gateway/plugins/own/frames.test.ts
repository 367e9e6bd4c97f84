import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createFrameReader, encodeFrame } from './frames.ts'

const message = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.uint8Array({ maxLength: 300 }),
  fc.dictionary(fc.string(), fc.array(fc.string()), { noNullPrototype: true }),
)

test('messages come out as they went in, wherever the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(message),
      fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
      (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(encodeFrame))
        const came: unknown[] = []
        const read = createFrameReader(100_000, (one) => came.push(one))
        for (let at = 0; at < bytes.length;) {
          const size = cuts.next().value ?? 1
          read(bytes.subarray(at, at + size))
          at += size
        }
        assert.deepEqual(came, sent)
      },
    ),
  )
})

test('a frame over the limit is refused by its length, before its bytes have come', () => {
  const read = createFrameReader(1000, () => assert.fail('nothing was whole'))
  read(Buffer.from([0, 0]))
  assert.throws(() => read(Buffer.from([4, 0])), /a message of 1024 bytes/)
})

test('bytes that are no message are refused', () => {
  const read = createFrameReader(1000, () => assert.fail('there was none'))
  assert.throws(() => read(Buffer.from([0, 0, 0, 3, 1, 2, 3])))
})
