/** The first table holds facts of Kong's kong.tools.uri (spec/01-unit/18-tools_uri_spec.lua). */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { escapePath, normalizePath } from './normalize.ts'

const normalized: [path: string, expected: string][] = [
  ['/', '/'],
  ['/a/b/c/', '/a/b/c/'],
  ['/a%2fb%2Fc/', '/a%2Fb%2Fc/'],
  [
    '/%20%21%23%24%25%26%27%28%29%2A%2B%2C%2F%3A%3B%3D%3F%40%5B%5D',
    '/ %21%23%24%25%26%27%28%29%2A%2B%2C%2F%3A%3B%3D%3F%40%5B%5D',
  ],
  ['/%6B%6f%6e%67', '/kong'],
  ['/%2E', '/'],
  ['/./', '/'],
  ['/..', '/'],
  ['/./.././../', '/'],
  ['/a/b/c/./../../g', '/a/g'],
  ['/////', '/'],
  ['/a//b//', '/a/b/'],
  ['/endel%C3%B8st', '/endeløst'],
  ['/%C3%A4/a/%2e./a%2E//a/%2e/./a/../a/%2e%2E/%5f%99%af%2f%2F', '/ä/a./a/_%99%AF%2F%2F'],
  ['/a/b/..', '/a/'],
  ['/a//../b', '/b'],
  ['/public/%2e%2e/admin', '/admin'],
  ['/public/%252e%252e/admin', '/public/%252e%252e/admin'],
  ['/a/.../b', '/a/.../b'],
  ['/a/.hidden', '/a/.hidden'],
  ['/100%', '/100%'],
  ['/%zz%4', '/%zz%4'],
  ['/%F0%9F%98%80', '/😀'],
  ['/%C3%28', '/%C3%28'],
  ['/%EF%BB%BFx', '/\ufeffx'],
]

for (const [path, expected] of normalized) {
  test(`${path} is seen as ${expected}`, () => assert.equal(normalizePath(path), expected))
}

const escaped: [path: string, expected: string][] = [
  ["/!#$%&'()*+,/:;=?@[]AZaz09-_.~", "/!#$%&'()*+,/:;=?@[]AZaz09-_.~"],
  ['/a b/c d', '/a%20b/c%20d'],
  ['/a😀', '/a%F0%9F%98%80'],
  ['/endeløst', '/endel%C3%B8st'],
  ['/a\r\nb', '/a%0D%0Ab'],
  ['/"<>\\^`{|}', '/%22%3C%3E%5C%5E%60%7B%7C%7D'],
]

for (const [path, expected] of escaped) {
  test(`${JSON.stringify(path)} is sent as ${expected}`, () =>
    assert.equal(escapePath(path), expected))
}

const target = fc
  .array(fc.constantFrom('/', '/', '.', '..', 'a', '%2e', '%2F', '%20', '%e4', '%', '%C3%A4', '\\'))
  .map((parts) => `/${parts.join('')}`)

test('what was normalised has no dot segments, and stays the same on its way', () => {
  fc.assert(
    fc.property(target, (path) => {
      const seen = normalizePath(path)
      assert.doesNotMatch(seen, /\/\.{0,2}\/|\/\.{1,2}$/)
      const sent = escapePath(seen)
      assert.equal(escapePath(normalizePath(sent)), sent)
      assert.doesNotMatch(sent, /[^!-~]/)
    }),
    { numRuns: 2000 },
  )
})
