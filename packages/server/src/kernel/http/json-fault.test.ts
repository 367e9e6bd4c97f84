import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { findJsonFault } from './json-fault.ts'

const objectOf = (members: number): string =>
  `{${Array.from({ length: members }, (_, at) => `"k${at}":1`).join(',')}}`

const faults: [string, number, number, RegExp][] = [
  ['', 1, 1, /ends where a value/],
  ['{"a": 1,\n  "b": oops}', 2, 8, /has "o" where a value/],
  ['{"a" 1}', 1, 6, /where a colon/],
  ['{"a": 1,}', 1, 9, /the name of a member/],
  ['{a: 1}', 1, 2, /the name of a member/],
  ['[1 2]', 1, 4, /a comma or \] should be/],
  ['{"a":1} x', 1, 9, /where the end should be/],
  ['"open', 1, 1, /string that does not end/],
  ['"tab\there"', 1, 5, /control character/],
  ['"\\x"', 1, 2, /unknown escape/],
  ['"\\u12"', 1, 2, /four hexadecimal/],
  ['[01]', 1, 3, /a comma or \]/],
  ['{"a":1,\n"b":{"c":1,"c":2}}', 2, 12, /names "c" twice/],
  ['{"a":1,"\\u0061":2}', 1, 8, /names "a" twice/],
  ['{"__proto__":{}}', 1, 2, /no member __proto__/],
  ['[{"x":{"\\u005f_proto__":1}}]', 1, 8, /no member __proto__/],
  ['{"constructor":{"prototype":1}}', 1, 17, /no member prototype/],
  ['{"a":\n"b\\u0000"}', 2, 3, /NUL \(\\u0000\)/],
  ['{"\\u0000":1}', 1, 3, /NUL/],
  ['["\\uD83D\\ude00", "x\\ud83d"]', 1, 20, /half a character \(\\ud83d\)/],
  ['"\\ud83d\\ud83d\\ude00"', 1, 2, /half a character/],
  ['"\\ud83d\\n\\ude00"', 1, 2, /half a character/],
  ['"\\ud83d\\u12"', 1, 2, /half a character/],
  ['{"\\uDE00":1}', 1, 3, /half a character/],
  [objectOf(10_001), 1, objectOf(10_000).length + 1, /more than 10000 members/],
  [`[${'1,'.repeat(199_999)}1]`, 1, 400_000, /more than 200000 values/],
  ['['.repeat(101), 1, 101, /nested deeper than 100/],
]
for (const [text, line, column, message] of faults) {
  test(`${JSON.stringify(text.slice(0, 40))} is refused at ${line}:${column}`, () => {
    const fault = findJsonFault(text)
    assert.deepEqual([fault?.line, fault?.column], [line, column])
    assert.match(fault?.message ?? '', message)
  })
}

test('as much as may be there is taken', () => {
  assert.equal(findJsonFault(objectOf(10_000)), null)
  assert.equal(findJsonFault(`[${'1,'.repeat(199_998)}1]`), null)
})

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('what is JSON has no fault', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(0, 2), (text, indent) => {
      if (text.includes('__proto__') || text.includes('prototype')) return
      assert.equal(findJsonFault(JSON.stringify(JSON.parse(text), null, indent)), null)
    }),
  )
})

test('what is changed at random is refused whenever JSON.parse refuses it', () => {
  const part = fc.constantFrom(...'{}[],:"\\u0e-+.1 \n'.split(''), 'null', 'true', '"a"', 'x')
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const text = parts.join('')
      if (!isJson(text)) assert.notEqual(findJsonFault(text), null, text)
      else assert.match(findJsonFault(text)?.message ?? 'twice', /twice|NUL/, text)
    }),
    { numRuns: 3000 },
  )
})

test('a text is taken as long as it is made of whole characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.integer({ min: 1, max: 0xffff }).map(codeUnit) }), (text) => {
      const escaped = [...text.split('')].map((unit) => `\\u${hex(unit)}`).join('')
      assert.equal(findJsonFault(`["${escaped}"]`) === null, text.isWellFormed())
    }),
  )
})

const hex = (unit: string): string => unit.charCodeAt(0).toString(16).padStart(4, '0')
/** Every second one is half of a pair. */
const codeUnit = (code: number): string =>
  String.fromCharCode(code % 2 === 0 ? code : 0xd800 + (code % 0x800))
