import type { Permission } from '@keelson/contract'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasNoRole, isClosed, needsOf, pages } from './pages.ts'

const holding = (...permissions: Permission[]) => ({ permissions })

test('a page and those below it are closed to who may not read them', () => {
  const auditor = holding('public', 'account:own', 'status:read', 'audit:read')
  for (const path of ['/', '/services', '/services/shop/web', '/stacks/shop', '/gateway/cache']) {
    assert.equal(isClosed(auditor, needsOf(path)), true, path)
  }
  for (const path of ['/audit', '/account/security', '/reference', '/device', '/nowhere']) {
    assert.equal(isClosed(auditor, needsOf(path)), false, path)
  }
})

test('one of several permissions opens a page', () => {
  assert.equal(isClosed(holding('access:break-glass'), needsOf('/access')), false)
})

test('what everybody may is no role', () => {
  assert.equal(hasNoRole(holding('public', 'account:own', 'status:read')), true)
  assert.equal(hasNoRole(holding('public', 'account:own', 'status:read', 'logs:read')), false)
})

test('every page of the navigation that reads the platform says what it takes', () => {
  assert.deepEqual(
    pages.filter(({ needs }) => needs === undefined).map(({ to }) => to),
    ['/reference'],
  )
})
