import assert from 'node:assert/strict'
import { test } from 'node:test'

import { resolveDots } from './dot-segments.ts'

for (const [path, expected] of [
  ['/a/b', '/a/b'],
  ['/a/../b', '/b'],
  ['/a/./b', '/a/b'],
  ['/a/%2e%2E/b', '/b'],
  ['/a/.%2e/b/', '/b/'],
  ['/a/..', '/'],
  ['/../../etc', '/etc'],
  ['/a/.well-known', '/a/.well-known'],
  ['/a/...', '/a/...'],
  ['/a/%2f', '/a/%2f'],
  ['/', '/'],
] as const) {
  test(`the dots of ${path} resolve to ${expected}`, () => {
    assert.equal(resolveDots(path), expected)
  })
}
