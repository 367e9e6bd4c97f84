import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StackServiceState } from '@keelson/contract'
import { inStartOrder } from './scope-services.ts'
import { createPlatformFixture, runKeelson, type Call } from './testing/platform-fixture.ts'

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

const service = { id: 'shop/web', name: 'web', stack: 'shop', state: 'healthy', reason: '' }
const forbidden = {
  status: 403,
  body: { type: '', title: '', status: 403, code: 'forbidden', detail: 'no', hint: '' },
}

test('who may restart a service and not read stacks restarts it, asked without the stack', async () => {
  let pid = 0
  await using keelson = await createPlatformFixture(({ method, path }: Call) => {
    if (path === '/api/v1/instances') {
      pid += 1
      return { body: [{ service: 'web', stack: 'shop', instance: `web-${pid}`, state: 'running' }] }
    }
    if (path.startsWith('/api/v1/stacks')) return forbidden
    return `${method} ${path}`.includes('web') ? { body: service } : undefined
  })
  const asked = (path: string) => keelson.calls.filter((call) => call.path.startsWith(path))
  for (const [name, ...more] of [['shop/web'], ['web'], ['web', '--stack', 'shop']] as const) {
    const { code, stderr } = await runKeelson(['restart', name, ...more], { env: keelson.env })
    assert.equal(code, 0, stderr)
    assert.match(stderr, /shop\/web is healthy/)
  }
  const restarts = keelson.calls.filter(({ method }) => method === 'POST')
  assert.deepEqual(
    restarts.map(({ path, query }) => [path, query.get('stack')]),
    [
      ['/api/v1/services/shop/web/restart', null],
      ['/api/v1/services/web/restart', null],
      ['/api/v1/services/web/restart', 'shop'],
    ],
  )
  assert.equal(asked('/api/v1/stacks/').length, 3, 'once each: every refusal is in the audit')
})
