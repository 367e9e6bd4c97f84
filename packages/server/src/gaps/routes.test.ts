import assert from 'node:assert/strict'
import { test } from 'node:test'
import { permissions, type Permission } from '@keelson/contract'
import { localActor } from '../kernel/actor.ts'
import { systemClock } from '../kernel/clock.ts'
import { createHttp } from '../kernel/http.ts'
import { quietLog } from '../kernel/testing/index.ts'
import type { Registry } from '../registry/index.ts'
import type { Gaps } from './gaps.ts'
import { gapRoutes } from './routes.ts'

const report = { stack: 'shop', may: ['gaps:write'] }
const observed = { instances: [], requests: [], notApplied: [] }

/** The routes over a room that says what it was asked. */
const startRoutes = async (without: readonly Permission[] = []) => {
  const asked: unknown[] = []
  const room = new Proxy({} as Gaps, {
    get:
      (_target, name) =>
      (...given: unknown[]) => {
        asked.push([String(name), ...given.filter((one) => one !== localActorWithout)])
        return Promise.resolve(name === 'list' ? [] : name === 'observe' ? observed : report)
      },
  })
  const localActorWithout = {
    ...localActor,
    permissions: new Set(permissions.filter((one) => !without.includes(one))),
    may: (one: Permission) => !without.includes(one),
  }
  const http = await createHttp({
    clock: systemClock,
    onDenied: async () => undefined,
    ...{ log: quietLog, newId: () => 'r-1', hostNames: ['localhost'] },
    authenticate: () => Promise.resolve(localActorWithout),
  })
  const registry = { findService: () => undefined, services: () => [] } as unknown as Registry
  gapRoutes({ http, gaps: room, clock: systemClock, registry })
  return {
    asked,
    ask: (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: object) =>
      http.app.inject({
        ...{ method, url: `/api/v1${url}`, headers: { host: 'localhost' } },
        ...(body === undefined ? {} : { body }),
      }),
    [Symbol.asyncDispose]: () => http.close(),
  }
}

test('a report says what whoever asks may do with it', async () => {
  await using writer = await startRoutes()
  assert.deepEqual((await writer.ask('GET', '/stacks/shop/gaps')).json(), report)
  await using reader = await startRoutes(['gaps:write'])
  const { may } = (await reader.ask('GET', '/stacks/shop/gaps')).json<typeof report>()
  assert.deepEqual(may, [])
})

const one = '/stacks/shop/gaps/0123456789abcdef/acceptance'
const inAYear = new Date(Date.now() + 365 * 86_400_000)

type Case = Parameters<Awaited<ReturnType<typeof startRoutes>>['ask']>

const calls: [Permission, Case, asked: unknown[]][] = [
  ['gaps:read', ['GET', '/gaps'], ['list']],
  ['gaps:read', ['GET', '/stacks/shop/gaps'], ['report', 'shop']],
  ['gaps:write', ['POST', '/stacks/shop/gaps/audit'], ['audit', 'shop']],
  [
    'gaps:read',
    ['GET', '/stacks/shop/gaps/history?before=7&limit=5'],
    ['history', 'shop', { before: '7', limit: 5 }],
  ],
  [
    'gaps:write',
    ['PUT', one, { reason: ' it is so ', until: inAYear.toISOString() }],
    ['accept', 'shop', '0123456789abcdef', { reason: 'it is so', until: inAYear }],
  ],
  ['gaps:write', ['DELETE', one], ['withdraw', 'shop', '0123456789abcdef']],
  [
    'gaps:read',
    ['POST', '/stacks/shop/gaps/fix-preview', { fingerprints: ['0123456789abcdef'] }],
    ['previewFixes', 'shop', ['0123456789abcdef']],
  ],
  ['services:read', ['GET', '/stacks/shop/observation'], ['observe', 'shop']],
]

for (const [permission, [method, url, body], expected] of calls) {
  test(`${method} ${url} is for those with ${permission}`, async () => {
    await using allowed = await startRoutes()
    assert.equal((await allowed.ask(method, url, body)).statusCode, 200)
    assert.deepEqual(allowed.asked, [expected])
    await using refused = await startRoutes([permission])
    const answer = await refused.ask(method, url, body)
    assert.equal(answer.statusCode, 403)
    assert.match(answer.body, new RegExp(permission))
    assert.deepEqual(refused.asked, [])
  })
}

const refusals: [what: string, Case, code: string][] = [
  ['no reason', ['PUT', one, { reason: '' }], 'bad_request'],
  ['blanks for a reason', ['PUT', one, { reason: '    ' }], 'bad_request'],
  [
    'an end that is over',
    ['PUT', one, { reason: 'so it is', until: '2020-01-01T00:00:00Z' }],
    'bad_request',
  ],
  ['an end that is no time', ['PUT', one, { reason: 'so it is', until: 'soon' }], 'bad_request'],
  [
    'no fingerprint',
    ['PUT', '/stacks/shop/gaps/nothing/acceptance', { reason: 'so it is' }],
    'bad_request',
  ],
  ['a cursor of another list', ['GET', '/stacks/shop/gaps/history?before=x'], 'cursor_invalid'],
  [
    'nothing to mend',
    ['POST', '/stacks/shop/gaps/fix-preview', { fingerprints: [] }],
    'bad_request',
  ],
]
for (const [what, [method, url, body], code] of refusals) {
  test(`refused: ${what}`, async () => {
    await using routes = await startRoutes()
    const answer = await routes.ask(method, url, body)
    assert.equal(answer.statusCode, 400)
    assert.equal(answer.json<{ code: string }>().code, code)
    assert.deepEqual(routes.asked, [])
  })
}
