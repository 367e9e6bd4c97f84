import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { combined } from './combine.ts'
import { aRequest, aStored } from './testing/stored.ts'

const whole = Buffer.from('0123456789abcdefghij')

const part = (first: number, last: number, etag = '"a"') =>
  aStored({
    status: 206,
    fields: [
      ...['Cache-Control', 'max-age=60', 'ETag', etag],
      ...['Content-Range', `bytes ${first}-${last}/${whole.length}`],
    ],
    body: whole.subarray(first, last + 1),
  })

const cases: readonly [
  about: string,
  one: [number, number],
  other: [number, number],
  text: string,
][] = [
  ['side by side', [0, 4], [5, 9], '0123456789'],
  ['the other way round', [5, 9], [0, 4], '0123456789'],
  ['over each other', [0, 6], [4, 9], '0123456789'],
  ['one in the other', [0, 9], [3, 4], '0123456789'],
  ['with a hole between', [0, 4], [6, 9], '6789'],
]

void test('parts become one where they touch', () => {
  for (const [about, one, other, text] of cases) {
    const { body, status } = combined(aRequest(), part(...one), part(...other), 100)
    assert.deepEqual([body.toString(), status], [text, 206], about)
  }
})

void test('without a hole it is the whole, and found as such', () => {
  const { body, status, range, headers, id } = combined(aRequest(), part(0, 9), part(10, 19), 100)
  assert.deepEqual([body, status, range], [whole, 200, null])
  assert.equal(headers.includes('Content-Range'), false)
  assert.equal(id, aStored().id)
})

void test('only a strong tag says that parts belong together, and no body grows too large', () => {
  const fresh = part(5, 9)
  assert.equal(combined(aRequest(), part(0, 4, '"b"'), fresh, 100), fresh)
  assert.equal(combined(aRequest(), part(0, 4), fresh, 9), fresh)
  assert.equal(combined(aRequest(), undefined, fresh, 100), fresh)
  const weak = part(5, 9, 'W/"a"')
  assert.equal(combined(aRequest(), part(0, 4, 'W/"a"'), weak, 100), weak)
})

void test('whatever comes in whatever order, every byte is in its place', () => {
  const span = fc
    .tuple(fc.nat(19), fc.nat(19))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
  fc.assert(
    fc.property(fc.array(span, { minLength: 1 }), (spans) => {
      let stored = part(...(spans[0] ?? [0, 0]))
      for (const [first, last] of spans) {
        if (stored.range === null) break
        stored = combined(aRequest(), stored, part(first, last), 100)
      }
      const { first, last } = stored.range ?? { first: 0, last: 19 }
      assert.deepEqual(stored.body, whole.subarray(first, last + 1))
    }),
  )
})
