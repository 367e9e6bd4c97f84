import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StackState } from '@keelson/contract'
import { formatDrift } from './drift.ts'
import { createOutput } from './output.ts'

const { dataColors: colors } = createOutput({ env: {}, color: false, quiet: true })
const look = { cwd: '/', colors, now: 0 }
const nothing = { stack: {}, services: [], drift: [], rollouts: [] } as unknown as StackState

test('that services of a stack may not be read is said', () => {
  assert.equal(formatDrift('shop', nothing, look), '')
  const { stack } = nothing
  assert.equal(
    formatDrift('shop', { ...nothing, stack: { ...stack, hidden: 2 } }, look),
    'shop: 2 services are not yours to see, but for their state',
  )
  assert.equal(
    formatDrift('shop', { ...nothing, stack: { ...stack, hidden: 1 } }, look),
    'shop: 1 service is not yours to see, but for its state',
  )
})
