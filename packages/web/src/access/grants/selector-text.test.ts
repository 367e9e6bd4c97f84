import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anything, selectorFault, selectorOf, selectorText } from './selector-text.ts'

test('a selector is told by its parts, and nothing asked for is everything', () => {
  assert.equal(selectorText({}), 'everything')
  assert.equal(selectorText({ labels: {} }), 'nothing', 'as the platform reads it')
  assert.equal(
    selectorText({ name: 'stack:shop*', labels: { tier: 'front' }, owner: 'payments' }),
    'stack:shop*, label tier=front, owner payments',
  )
})

test('a form becomes a selector without what was left empty', () => {
  assert.deepEqual(selectorOf({ ...anything, name: ' stack:shop ' }), { name: 'stack:shop' })
  assert.deepEqual(selectorOf({ ...anything, labels: 'tier=front, note=a=b,', owner: 'ops' }), {
    labels: { tier: 'front', note: 'a=b' },
    owner: 'ops',
  })
})

test('what the platform would refuse is said before it is asked', () => {
  assert.match(selectorFault(anything) ?? '', /Give a name/)
  assert.match(selectorFault({ ...anything, name: 'shop' }) ?? '', /A name is/)
  assert.match(selectorFault({ ...anything, labels: 'tier' }) ?? '', /Labels are/)
  assert.match(selectorFault({ ...anything, labels: ',' }) ?? '', /Labels are/, 'not everything')
  for (const name of ['platform', 'gateway', 'stack:shop*', 'service:shop/web', 'service:*/db']) {
    assert.equal(selectorFault({ ...anything, name }), undefined)
  }
})
