import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networksOf } from './networks.ts'

test('networks are separated by commas, spaces or lines, each once', () => {
  assert.deepEqual(networksOf(' 10.0.0.0/8,192.0.2.7\n2001:db8::/32 10.0.0.0/8 '), [
    '10.0.0.0/8',
    '192.0.2.7',
    '2001:db8::/32',
  ])
  assert.deepEqual(networksOf(' \n'), [])
})
