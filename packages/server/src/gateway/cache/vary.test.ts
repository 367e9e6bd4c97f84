import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HeaderList } from '../proxy/header-list.ts'
import { secondaryKey, varyNames } from './vary.ts'

const varies: readonly [fields: string[], names: string[] | null][] = [
  [[], []],
  [
    ['Vary', 'Foo, Bar'],
    ['bar', 'foo'],
  ],
  [['Vary', 'Foo', 'vary', 'foo'], ['foo']],
  [['Content-Encoding', 'gzip'], ['accept-encoding']],
  [
    ['Content-Encoding', 'gzip', 'Vary', 'Foo'],
    ['accept-encoding', 'foo'],
  ],
  [['Vary', '*'], null],
  [['Vary', 'Foo, *'], null],
  [['Vary', '', 'Vary', '*'], null],
]

void test('names that an answer varies by', () => {
  for (const [fields, names] of varies) {
    assert.deepEqual(varyNames(new HeaderList(fields)), names, fields.join(': '))
  }
})

const same: readonly [names: string[], one: string[], other: string[], same: boolean][] = [
  [['foo'], ['Foo', '1'], ['foo', '1'], true],
  [['foo'], ['Foo', '1'], ['Foo', '2'], false],
  [['foo'], ['Foo', '1, 2'], ['Foo', '1', 'Foo', '2'], true],
  [['foo'], ['Foo', '1,2'], ['Foo', ' 1 ,  2 '], true],
  [['foo'], ['Foo', '1,2'], ['Foo', '2,1'], false],
  [['foo'], ['Foo', ''], [], false],
  [['foo'], [], ['Other', '1'], true],
  [['accept-language'], ['Accept-Language', 'en, de'], ['Accept-Language', 'De,  eN'], true],
  [['accept-language'], ['Accept-Language', 'en;q=0.5'], ['Accept-Language', 'en; q=0.5'], true],
  [['accept-language'], ['Accept-Language', 'en;q=0.5'], ['Accept-Language', 'en'], false],
]

void test('requests that mean the same have the same key', () => {
  for (const [names, one, other, expected] of same) {
    const equal =
      secondaryKey(names, new HeaderList(one)) === secondaryKey(names, new HeaderList(other))
    assert.equal(equal, expected, `${one.join(': ')} and ${other.join(': ')}`)
  }
})

void test('values of two fields never pass for others', () => {
  const value = fc.stringMatching(/^[0-9:a-z-]{0,6}$/)
  fc.assert(
    fc.property(value, value, value, value, (a, b, c, d) => {
      const key = (x: string, y: string): string =>
        secondaryKey(['x', 'y'], new HeaderList(['X', x, 'Y', y]))
      assert.equal(key(a, b) === key(c, d), a === c && b === d)
    }),
  )
})
