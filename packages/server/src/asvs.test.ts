import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findAsvsTests } from '../../../scripts/asvs.ts'
import { asvsItems } from '../../../scripts/asvs-items.ts'

const named = new Set(findAsvsTests().flatMap(({ numbers }) => numbers))

test('every ASVS requirement a test names is described', () => {
  assert.deepEqual(
    [...named].filter((number) => asvsItems[number] === undefined),
    [],
  )
})
