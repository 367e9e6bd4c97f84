import assert from 'node:assert/strict'
import { test } from 'node:test'

import { clientBehind, trustOf } from './trusted-proxies.ts'

const cases: [forwardedFor: string, client: string][] = [
  ['203.0.113.7', '203.0.113.7'],
  ['203.0.113.7, 10.0.0.2', '203.0.113.7'],
  ['1.1.1.1, 203.0.113.7, 10.0.0.2', '203.0.113.7'],
  ['10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['', '10.0.0.1'],
  [' , ', '10.0.0.1'],
  ['2001:db8::1, fd00::2', '2001:db8::1'],
  ['unknown', 'unknown'],
  ['203.0.113.7:4711, 10.0.0.2:80', '203.0.113.7'],
  ['[2001:db8::1]:4711', '2001:db8::1'],
]

test('the client is the last address that is none of ours', () => {
  const isTrusted = trustOf(['10.0.0.0/8', 'fd00::/8'])
  for (const [forwardedFor, client] of cases) {
    assert.equal(clientBehind(forwardedFor, '10.0.0.1', isTrusted), client, forwardedFor)
  }
})

test('nobody is trusted unless somebody says so', () => {
  assert.equal(trustOf([])('10.0.0.1'), false)
  assert.equal(trustOf(['::1'])('::1'), true)
  assert.throws(() => trustOf(['nonsense']))
})
