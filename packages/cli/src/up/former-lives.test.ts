import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlanAction, PsEntry } from '@keelson/contract'
import { formerLives } from './former-lives.ts'

const began = '2026-01-01T00:00:00Z'
const instance = (service: string, state: PsEntry['state']): PsEntry => ({
  ...{ service, stack: 'shop', instance: `shop-${service}-1`, runtime: 'process', pid: null },
  ...{ container_id: null, state, health: 'stopped', reason: '', restarts: 0, ports: [] },
  started_at: began,
})
const action = (service: string, kind: PlanAction['kind']): PlanAction => ({
  ...{ id: service, kind, subject: `shop-${service}-1`, service, cause: 'applied' },
  ...{ changes: [], after: [], waitFor: [] },
})

test('only what a plan starts or replaces has a life that does not count', () => {
  const before = [
    instance('migrate', 'failed'),
    instance('seed', 'failed'),
    instance('web', 'running'),
  ]
  const actions = [action('migrate', 'replace_instance'), action('web', 'update_instance')]
  const plan = { stack: 'shop', revision: 2, digest: '', actions, unchanged: [] }
  assert.deepEqual(
    [...formerLives(before, plan)],
    [['shop-migrate-1', { service: 'migrate', began }]],
  )
})
