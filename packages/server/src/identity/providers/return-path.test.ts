import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { returnPathOf } from './return-path.ts'

test('paths of the page are gone back to', () => {
  for (const path of ['/', '/map', '/services/shop/web?tab=logs#now', '/a%20b', '/sign-ins']) {
    assert.equal(returnPathOf(path), path)
  }
})

const refused = [
  ...['https://evil.example', '//evil.example', '///evil.example', '/\\evil.example', '\\\\evil'],
  ...['/\t/evil.example', '/\n/evil.example', ' //evil.example', 'javascript:alert(1)', ''],
  ...['/.//evil.example', '/a/..//evil.example', '/sign-in/corp', '/sign-in', '/api/v1/users'],
  ...['/map\r\nset-cookie: a=b', `/${'a'.repeat(2000)}`, undefined, ['/map'], 7],
]
for (const given of refused) {
  test(`${JSON.stringify(given)?.slice(0, 40)} leads to the start`, () => {
    assert.equal(returnPathOf(given), '/')
  })
}

test('wherever it leads, it is here', () => {
  const part = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    ':',
    '@',
    'evil.example',
    '%2f',
    '%5c',
    '\t',
    '?',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const path = returnPathOf(`/${parts.join('')}`)
      assert.equal(new URL(path, 'https://keelson.example').origin, 'https://keelson.example')
      assert.ok(path.startsWith('/') && !/^\/[/\\]/.test(path))
    }),
    { numRuns: 2000 },
  )
})
