import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorTable, isErrorCode } from './errors.ts'

for (const [code, { status, title, hint }] of Object.entries(errorTable)) {
  test(`${code} has a status of HTTP, a sentence and a way out`, () => {
    assert.match(code, /^[a-z]+(_[a-z]+)*$/)
    assert.ok(status >= 400 && status < 600)
    assert.match(title, /^[A-Z][^.]*[^.]$/)
    assert.match(hint, /^\S.*\.$|: keelson [a-z <>-]+$/)
    assert.notEqual(title, hint)
  })
}

test('only codes of the table are codes', () => {
  assert.ok(isErrorCode('not_found'))
  for (const name of ['', 'nonsense', 'constructor', '__proto__', 'toString']) {
    assert.equal(isErrorCode(name), false, name)
  }
})
