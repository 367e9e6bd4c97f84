import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { createKeyring, newKeyLine, readKeyLines } from './keyring.ts'

const ring = (...numbers: number[]) =>
  createKeyring(new Map(numbers.map((number) => [number, Buffer.alloc(32, number)])))

test('what is sealed opens for its purpose and its row, and for nothing else', () => {
  const keys = ring(1)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (bytes, bound) => {
      const sealed = keys.seal('totp', Buffer.from(bytes), bound)
      assert.deepEqual(keys.open('totp', sealed, bound), Buffer.from(bytes))
      assert.throws(() => keys.open('totp', sealed, `${bound}x`))
      assert.throws(() => keys.open('signing', sealed, bound))
    }),
  )
})

test('a sealed value that was changed or cut does not open', () => {
  const keys = ring(1)
  const sealed = keys.seal('totp', randomBytes(20), 'row')
  const bytes = Buffer.from(sealed.slice(2), 'base64url')
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.throws(() => keys.open('totp', `1.${changed.toString('base64url')}`, 'row'))
    const cut = bytes.subarray(0, at).toString('base64url')
    assert.throws(() => keys.open('totp', `1.${cut}`, 'row'))
  }
})

test('after a rotation the new key seals and the old one still opens', () => {
  const before = ring(1).seal('totp', Buffer.from('secret'), 'row')
  const rotated = ring(1, 2)
  assert.equal(rotated.open('totp', before, 'row').toString(), 'secret')
  assert.equal(rotated.numberOf(before), 1)
  assert.equal(rotated.numberOf(rotated.seal('totp', Buffer.from('secret'), 'row')), 2)
  assert.throws(() => ring(2).open('totp', before, 'row'), /no key 1/)
})

test('a file of keys is read as it was written', () => {
  const text = `# of this installation\n${newKeyLine(1)}${newKeyLine(2)}`
  const read = readKeyLines(text)
  assert.deepEqual('fault' in read ? read : [...read.keys()], [1, 2])
})

const wrong: [string, RegExp][] = [
  ['', /^there is no line/],
  ['# nothing', /^there is no line/],
  ['abc', /^line 1 is not "<number> </],
  [`${newKeyLine(1)}\n2 short`, /^line 3 is not/],
  [
    `# twice\n${newKeyLine(7)}${newKeyLine(8)}${newKeyLine(7)}`,
    /^line 4 has number 7 a second time$/,
  ],
]
for (const [text, expected] of wrong) {
  test(`of no file of keys it is told what is wrong: ${text.length} characters`, () => {
    const read = readKeyLines(text)
    assert.match('fault' in read ? read.fault : '', expected)
  })
}
