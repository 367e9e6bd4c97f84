import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HeaderList } from '../../proxy/header-list.ts'
import { applyChanges, splitEntry, type Changes } from './changes.ts'
import { headerFields, wireText } from './header-fields.ts'
import { jsonFields } from './json-fields.ts'
import { pairFields } from './pair-fields.ts'

const names = fc.constantFrom('a', 'b', 'c', 'd')
const values = fc.constantFrom('1', '2', '3')
const set = fc.array(fc.record({ name: names, value: values.map((value) => () => value) }), {
  maxLength: 3,
})
const changes: fc.Arbitrary<Changes<null, string>> = fc.record({
  remove: fc.array(names, { maxLength: 2 }),
  rename: fc.array(fc.record({ name: names, to: names.map((name) => () => name) }), {
    maxLength: 2,
  }),
  replace: set,
  add: set,
  append: set,
})
const given = fc.array(fc.tuple(names, values), { maxLength: 6 })

/** The rules in the plainest words: lists of values by name, one operation after the other. */
const expected = (pairs: readonly [string, string][], all: Changes<null, string>) => {
  const fields = new Map<string, string[]>()
  for (const [name, value] of pairs) fields.set(name, [...(fields.get(name) ?? []), value])
  for (const name of all.remove) fields.delete(name)
  for (const { name, to } of all.rename) {
    const value = fields.get(name)
    if (value === undefined) continue
    fields.delete(name)
    fields.set(to(null), value)
  }
  for (const { name, value } of all.replace) if (fields.has(name)) fields.set(name, [value(null)])
  for (const { name, value } of all.add) if (!fields.has(name)) fields.set(name, [value(null)])
  for (const { name, value } of all.append) {
    fields.set(name, [...(fields.get(name) ?? []), value(null)])
  }
  return Object.fromEntries([...fields].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const grouped = (pairs: Iterable<readonly [string, string]>) => {
  const fields = Map.groupBy(pairs, ([name]) => name)
  const all = [...fields].map(([name, list]) => [name, list.map(([, value]) => value)] as const)
  return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)))
}

test('always remove, rename, replace, add, append: header fields', () => {
  fc.assert(
    fc.property(given, changes, (pairs, all) => {
      const headers = new HeaderList(pairs.flat())
      applyChanges(all, headerFields(headers), null)
      assert.deepEqual(grouped(headers), expected(pairs, all))
    }),
  )
})

test('always remove, rename, replace, add, append: queries', () => {
  fc.assert(
    fc.property(given, changes, (pairs, all) => {
      const fields = pairFields(pairs.map(([name, value]) => `${name}=${value}`).join('&'))
      applyChanges(all, fields, null)
      assert.deepEqual(grouped(new URLSearchParams(fields.toString())), expected(pairs, all))
    }),
  )
})

test('always remove, rename, replace, add, append: JSON, whose fields are there once', () => {
  fc.assert(
    fc.property(given, changes, (pairs, all) => {
      const object = Object.fromEntries(pairs)
      const fields = jsonFields(JSON.stringify(object))
      assert.ok(fields !== null)
      applyChanges(all, fields, null)
      const after = JSON.parse(fields.toString()) as Record<string, string | string[]>
      const lists = Object.entries(after).map(([name, value]) => [name, [value].flat()])
      const once = expected(Object.entries(object), all)
      assert.deepEqual(
        Object.fromEntries(lists.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))),
        once,
      )
    }),
  )
})

test('a query comes back as it was', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
      ),
      (pairs) => {
        const query = new URLSearchParams(pairs).toString()
        assert.deepEqual([...new URLSearchParams(pairFields(query).toString())], pairs)
      },
    ),
  )
})

test('entries are split at their first colon', () => {
  const cases: [string, string, string][] = [
    ['a:b', 'a', 'b'],
    ['a:b:c', 'a', 'b:c'],
    ['a::b', 'a', 'b'],
    ['a', 'a', ''],
    ['a:', 'a', ''],
    [':b', '', ''],
  ]
  for (const [entry, name, value] of cases) assert.deepEqual(splitEntry(entry), { name, value })
})

test('a value never holds what would end its field', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const written = wireText(text)
      // oxlint-disable-next-line no-control-regex -- they are what must not be there
      assert.doesNotMatch(written, /[\0\r\n]|[^\0-\xff]/)
    }),
  )
})
