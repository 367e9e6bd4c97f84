import { permissions } from '@keelson/contract/permissions'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { permissionAreas, withPermission } from './permission-areas.ts'

test('every permission is in one area, and each area has a name of its own', () => {
  const areas = permissionAreas()
  assert.deepEqual(areas.flatMap((area) => area.permissions).toSorted(), permissions.toSorted())
  assert.deepEqual(
    areas.map(({ name }) => name),
    ['Services', 'Stacks', 'Gaps', 'Gateway', 'People and access', 'Keelson'],
  )
})

test('areas of which nothing is offered are left out', () => {
  assert.deepEqual(permissionAreas(['logs:read', 'gateway:write']), [
    { name: 'Services', permissions: ['logs:read'] },
    { name: 'Gateway', permissions: ['gateway:write'] },
  ])
})

test('a permission is taken and given back in the order of the contract', () => {
  const both = withPermission(['logs:read'], 'services:read', true)
  assert.deepEqual(both, ['services:read', 'logs:read'])
  assert.deepEqual(withPermission(both, 'services:read', false), ['logs:read'])
})
