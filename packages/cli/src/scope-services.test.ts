import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StackServiceState } from '@keelson/contract'
import { inStartOrder } from './scope-services.ts'

const state = (name: string, ...needs: string[]) =>
  ({
    summary: { id: `shop/${name}`, name, dependsOn: needs.map((one) => `shop/${one}`) },
  }) as StackServiceState

test('every service comes after what it depends on, once', () => {
  const services = [
    state('web', 'api', 'other'),
    state('api', 'db'),
    state('db'),
    state('job', 'db'),
  ]
  assert.deepEqual(inStartOrder({ services }), ['db', 'api', 'web', 'job'])
})
