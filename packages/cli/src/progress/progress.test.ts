import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Phase, PsEntry, ServiceSummary, State } from '@keelson/contract'
import { createProgress } from './progress.ts'

const summary = (name: string, state: State, reason = ''): ServiceSummary => ({
  id: `shop/${name}`,
  name,
  stack: 'shop',
  category: 'core',
  runtime: 'process',
  builtIn: false,
  state,
  reason,
  since: '2026-01-01T00:00:00Z',
  cause: null,
  latencyMs: null,
  instancesHealthy: state === 'healthy' ? 1 : 0,
  instancesWanted: 1,
  restarts: 0,
  dependsOn: [],
  routes: [],
  may: [],
})

const instance = (
  service: string,
  state: Phase,
  reason = '',
  started_at: string | null = null,
): PsEntry => ({
  service,
  stack: 'shop',
  instance: `shop-${service}-1`,
  runtime: 'process',
  pid: null,
  container_id: null,
  state,
  health: 'stopped',
  reason,
  restarts: 0,
  started_at,
  ports: [],
})

const words = (changes: ReturnType<ReturnType<typeof createProgress>['applySummary']>) =>
  changes.map(({ service, from }) => `${service.name} ${from ?? '-'}>${service.state}`)

test('the first sight and every change is a change; the same again is none', () => {
  const progress = createProgress({ names: ['web'], now: () => 0 })
  assert.deepEqual(words(progress.applySummary(summary('web', 'starting'))), ['web ->starting'])
  assert.deepEqual(words(progress.applySummary(summary('web', 'starting'))), [])
  assert.deepEqual(words(progress.applySummary(summary('web', 'starting', 'waits'))), [])
  assert.deepEqual(words(progress.applySummary(summary('web', 'healthy', 'a'))), [
    'web starting>healthy',
  ])
  // The reason of a healthy service is its latency or the like: no news.
  assert.deepEqual(words(progress.applySummary(summary('web', 'healthy', 'b'))), [])
})

test('of what is wrong every new reason is told', () => {
  const progress = createProgress({ names: ['web'], now: () => 0 })
  progress.applySummary(summary('web', 'unhealthy', 'exit code 1; next start in 0.1 s'))
  assert.deepEqual(words(progress.applySummary(summary('web', 'unhealthy', 'port is in use'))), [
    'web unhealthy>unhealthy',
  ])
})

test('a reason that only counts on is no new one', () => {
  const progress = createProgress({ names: ['web'], now: () => 0 })
  progress.applySummary(summary('web', 'unhealthy', 'next start in 0.1 s'))
  const again = summary('web', 'unhealthy', 'next start in 12.5 s')
  assert.deepEqual(words(progress.applySummary(again)), [])
})

test('a stack is up when all are healthy, or jobs that ended well', () => {
  const progress = createProgress({ names: ['web', 'migrate'], now: () => 0 })
  progress.applySummary(summary('web', 'healthy'))
  progress.applySummary(summary('migrate', 'stopped'))
  assert.equal(progress.verdict(), 'open')
  progress.applyInstances([instance('migrate', 'completed')])
  assert.equal(progress.verdict(), 'up')
})

test('an instance that is given up fails the stack, one that is tried again does not', () => {
  const progress = createProgress({ names: ['web'], now: () => 0 })
  progress.applySummary(summary('web', 'unhealthy'))
  progress.applyInstances([instance('web', 'backoff')])
  assert.equal(progress.verdict(), 'open')
  progress.applyInstances([instance('web', 'failed')])
  assert.equal(progress.verdict(), 'failed')
  progress.applyInstances([instance('web', 'running')])
  progress.applySummary(summary('web', 'healthy'))
  assert.equal(progress.verdict(), 'up')
})

test('how a job ended is told also while its summary is still from before the end', () => {
  const progress = createProgress({ names: ['migrate'], now: () => 0 })
  progress.applyInstances([instance('migrate', 'failed', 'exit code 7')])
  progress.applySummary(summary('migrate', 'healthy', 'running; it has no health check'))
  const [migrate] = progress.services()
  assert.equal(migrate?.outcome, 'failed')
  assert.equal(migrate.reason, 'exit code 7')
})

test('services of other names are not this stack', () => {
  const progress = createProgress({ names: ['web'], now: () => 0 })
  assert.deepEqual(progress.applySummary(summary('other', 'unhealthy')), [])
  assert.equal(progress.services().length, 1)
})

test('how a life ended that was there before is no outcome of what was asked for', () => {
  const [before, after] = ['2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z']
  const former = new Map([['shop-migrate-1', { service: 'migrate', began: before }]])
  const progress = createProgress({ names: ['migrate'], now: () => 0, former })
  // Neither a summary that comes first nor the ending itself.
  assert.deepEqual(words(progress.applySummary(summary('migrate', 'unhealthy', 'exit code 4'))), [])
  progress.applyInstances([instance('migrate', 'failed', 'exit code 4', before)])
  assert.equal(progress.verdict(), 'open')
  assert.deepEqual(words(progress.applySummary(summary('migrate', 'unhealthy', 'exit code 4'))), [])
  progress.applyInstances([instance('migrate', 'starting', '', before)])
  assert.equal(progress.verdict(), 'open')
  progress.applyInstances([instance('migrate', 'completed', 'exit code 0', after)])
  assert.equal(progress.verdict(), 'up')
  progress.applyInstances([instance('migrate', 'failed', 'exit code 9', after)])
  assert.equal(progress.verdict(), 'failed')
})
