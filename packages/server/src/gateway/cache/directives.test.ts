import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HeaderList } from '../proxy/header-list.ts'
import { longestSeconds, parseDirectives, readResponseDirectives } from './directives.ts'
import { splitList } from './field-list.ts'
import { targetedDirectives } from './targeted.ts'

const cases: readonly [text: string, name: string, value: string | null | undefined][] = [
  ['max-age=3600', 'max-age', '3600'],
  ['MaX-aGe=3600', 'max-age', '3600'],
  ['max-age="3600"', 'max-age', '3600'],
  ['foobar, max-age=1', 'max-age', '1'],
  ['extension="max-age=3600", max-age=1', 'max-age', '1'],
  ['extension="a\\", max-age=3600", max-age=1', 'max-age', '1'],
  ['max-age=1, max-age=1800', 'max-age', '1'],
  ['max-age =3600', 'max-age', ''],
  ['no-cache', 'no-cache', null],
  ['no-cache="a, b"', 'no-cache', 'a, b'],
  ['', 'max-age', undefined],
  [',,, public', 'public', null],
]

void test('directives are read as RFC 9111 5.2 has them', () => {
  for (const [text, name, value] of cases) {
    assert.equal(parseDirectives(text).get(name), value, text)
  }
})

const lifetimes: readonly [text: string, maxAge: number | null][] = [
  ['max-age=003600', 3600],
  ['max-age=99999999999', longestSeconds],
  ["max-age='3600'", 0],
  ['max-age=-3600', 0],
  ['max-age=3600.5', 0],
  ['max-age', 0],
  ['max-age= 3600', 0],
  ['public', null],
]

void test('a lifetime that is unreadable is over', () => {
  for (const [text, maxAge] of lifetimes) {
    const headers = new HeaderList(['Cache-Control', text])
    assert.equal(readResponseDirectives(headers, []).maxAge, maxAge, text)
  }
})

void test('lines of Cache-Control are one list, and fields are withheld by name', () => {
  const headers = new HeaderList([
    'Cache-Control',
    'no-cache="A"',
    'cache-control',
    'private="b, C", max-age=5',
  ])
  const directives = readResponseDirectives(headers, [])
  assert.deepEqual(directives.withheldFields, ['a', 'b', 'c'])
  assert.deepEqual([directives.noCache, directives.private, directives.maxAge], [false, false, 5])
})

const targeted: readonly [field: string, text: string, maxAge: string | null | undefined][] = [
  ['cdn-cache-control', 'max-age=3600', '3600'],
  ['cdn-cache-control', 'max-age=1, max-age=2', '2'],
  ['cdn-cache-control', 'max-age=3600;x=1', '3600'],
  ['cdn-cache-control', 'max-age =3600', undefined],
  ['cdn-cache-control', '', undefined],
  ['cdn-cache-control', '&&&&&', undefined],
  ['surrogate-control', 'max-age=3600;keelson', '3600'],
  ['surrogate-control', 'max-age=3600;other', undefined],
  ['surrogate-control', 'max-age=1;other, max-age=2', '2'],
]

void test('a targeted field holds only if it is well-formed', () => {
  for (const [field, text, maxAge] of targeted) {
    assert.equal(targetedDirectives(field, text)?.get('max-age'), maxAge, `${field}: ${text}`)
  }
})

void test('a targeted field takes the place of Cache-Control and Expires', () => {
  const headers = new HeaderList(['Cache-Control', 'no-store', 'CDN-Cache-Control', 'max-age=5'])
  const directives = readResponseDirectives(headers, ['cdn-cache-control'])
  assert.deepEqual([directives.noStore, directives.maxAge, directives.targeted], [false, 5, true])
})

void test('no text upsets the readers', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const headers = new HeaderList(['Cache-Control', text, 'Surrogate-Control', text])
      const { maxAge, sMaxAge } = readResponseDirectives(headers, ['surrogate-control'])
      for (const seconds of [maxAge, sMaxAge]) {
        assert.ok(seconds === null || (seconds >= 0 && seconds <= longestSeconds))
      }
    }),
  )
})

void test('members of a list come back as they were put in', () => {
  const member = fc.oneof(
    fc.stringMatching(/^[a-z0-9=-]{1,9}$/),
    fc.stringMatching(/^[a-z]{1,5}="[a-z, ]{0,9}"$/),
  )
  fc.assert(
    fc.property(fc.array(member), (members) => {
      assert.deepEqual(splitList(members.join(' , ')), members)
    }),
  )
})
