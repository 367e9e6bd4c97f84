import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UserName } from '@keelson/contract'
import { Value } from 'typebox/value'
import { newId } from '../kernel/ids.ts'
import { nameKey, refuseMisleading } from './names.ts'
import { isError } from './testing/open-identity.ts'

const sameNames = [
  ['ana', 'Ana', 'ANA', 'аna', 'αna', 'ａｎａ', 'ána', 'a\u200Dna'],
  // Fillers that Unicode counts among the letters, and a Greek capital that is no v to whoever reads it.
  [
    'ana',
    'an\u115Fa',
    'an\u1160a',
    '\u3164ana',
    'ana\uFFA0',
    'an\u17B4a',
    'A\u039DA',
    'A\u{1D6B4}A',
  ],
  ['hyena', '\u0397\u03A5ENA', '\u0389yena', '\u13BB\u13BDENA', '\uA4E7\uA4EC\uA4F0\uA4E0\uA4EE'],
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

test('nobody new is called like Keelson itself, like an id, or by what nobody sees', () => {
  const taken = isError('name_taken')
  for (const name of ['keelson', 'Keelson', 'ѕystem', 'LOCAL', 'anonymous', 'unknown']) {
    assert.throws(() => refuseMisleading(name), taken, name)
  }
  for (const id of [newId(), newId().toUpperCase()]) {
    assert.throws(() => refuseMisleading(id), taken, id)
  }
  for (const name of ['\u3164', 'an\u115Fa', 'ana\u17B4']) {
    assert.throws(() => refuseMisleading(name), isError('bad_request'), JSON.stringify(name))
  }
  for (const name of ['ana', 'keelson-ci', 'local.dev', newId().slice(0, 18), 'Жанна', '田中']) {
    refuseMisleading(name)
  }
})
