import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UserName } from '@keelson/contract'
import { Value } from 'typebox/value'
import { nameKey } from './names.ts'

const sameNames = [
  ['ana', 'Ana', 'ANA', 'аna', 'αna', 'ａｎａ', 'ána', 'a\u200Dna'],
  ['paypal', 'раураl', 'PayPaӏ'],
  ['josé', 'JOSE\u0301', 'jose'],
]
for (const [name = '', ...others] of sameNames) {
  test(`${others.join(', ')} cannot stand beside ${name}`, () => {
    for (const other of others) assert.equal(nameKey(other), nameKey(name), other)
  })
}

test('names that look different are different', () => {
  const names = ['ana', 'anna', 'ana1', 'a.na', 'жанна', '田中', 'bob']
  assert.equal(new Set(names.map(nameKey)).size, names.length)
})

for (const name of ['ana', 'Ana-Maria.b_2', '田中', 'Жанна', '9lives', 'x'.repeat(64)]) {
  test(`${name} can be a name`, () => assert.ok(Value.Check(UserName, name)))
}
const refused = [
  '',
  ' ana',
  'ana ',
  'a na',
  '-ana',
  '.ana',
  'a\nb',
  'ana\u202E',
  'a/b',
  'a'.repeat(65),
]
for (const name of refused) {
  test(`${JSON.stringify(name)} can be no name`, () => assert.ok(!Value.Check(UserName, name)))
}
