import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networksFault, networksOf } from './networks.ts'

test('networks are separated by commas, spaces or lines, each once', () => {
  assert.deepEqual(networksOf(' 10.0.0.0/8,192.0.2.7\n2001:db8::/32 10.0.0.0/8 '), [
    '10.0.0.0/8',
    '192.0.2.7',
    '2001:db8::/32',
  ])
  assert.deepEqual(networksOf(' \n'), [])
})

test('what is no address and no range is told by itself', () => {
  for (const text of ['', '192.0.2.7, 10.0.0.0/8', '2001:db8::/32 ::1', '0.0.0.0/0']) {
    assert.equal(networksFault(text), undefined, text)
  }
  for (const wrong of [
    ...['nope', '10.0.0.256', '10.0.0.0/33', '2001:db8::/129', '10.0.0.0/8/8', '10.0.0/8'],
    ...['10.0.0.0/08', '::g', '10.0.0.1:80', '[::1]'],
  ]) {
    assert.match(networksFault(`192.0.2.7, ${wrong}`) ?? '', /is no address and no range/, wrong)
  }
})
