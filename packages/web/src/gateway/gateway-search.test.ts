import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changedSearch, validateGatewaySearch } from './gateway-search.ts'
import { managerKey, stackOfKey } from './managed.ts'

test('an address holds what is looked for and nothing else', () => {
  assert.deepEqual(validateGatewaySearch({ q: 7, by: 'api', route: '', else: 'x' }), {
    ...{ q: '7', by: 'api' },
  })
  assert.equal(validateGatewaySearch({ q: 'x'.repeat(500) }).q?.length, 200)
})

test('a filter that is cleared leaves the address', () => {
  assert.deepEqual(changedSearch({ q: 'a', by: 'api' }, { q: undefined }), { by: 'api' })
})

test('a manager has a key, which tells its stack', () => {
  const key = managerKey({ kind: 'file', stack: 'shop' })
  assert.equal(key, 'file:shop')
  assert.equal(stackOfKey(key), 'shop')
  assert.equal(stackOfKey(managerKey({ kind: 'api', stack: null })), undefined)
  assert.equal(stackOfKey(undefined), undefined)
})
