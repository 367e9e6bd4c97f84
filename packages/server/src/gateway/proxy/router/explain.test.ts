import assert from 'node:assert/strict'
import { test } from 'node:test'

import { explanationLimit } from './explain.ts'
import { createRouter } from './index.ts'
import { askOf, entryOf, type AskFixture, type RouteFixture } from './testing/routes.ts'
import { compileVersions } from './versions.ts'

const cases: { ask: AskFixture; routes: RouteFixture[]; told: string[] }[] = [
  {
    ask: { path: '/orders/7', host: 'shop.test' },
    routes: [
      { name: 'orders', paths: ['/orders'] },
      { name: 'all', paths: ['/'] },
      { name: 'write', paths: ['/orders'], methods: ['POST', 'PUT'] },
      { name: 'elsewhere', paths: ['/orders'], hosts: ['other.test'] },
      { name: 'unrelated', paths: ['/cart'] },
    ],
    told: [
      'orders wins: path starts with /orders',
      "all matches but loses: matches, but 'orders' names a longer path",
      'elsewhere does not match: host is shop.test, the route takes other.test',
      'write does not match: method is GET, the route takes POST or PUT',
    ],
  },
  {
    ask: { path: '/a', host: 'shop.test', headers: [['X-Tenant', 'red']] },
    routes: [
      { name: 'host', paths: ['/a'], hosts: ['shop.test'] },
      { name: 'wild', paths: ['/a'], hosts: ['*.test'] },
      { name: 'plain', paths: ['/a'] },
      { name: 'tenant', paths: ['/a'], headers: { 'x-tenant': ['blue', 'green'] } },
      { name: 'absent', hosts: ['shop.test'], headers: { 'x-other': ['1'] }, paths: ['/b'] },
    ],
    told: [
      'host wins: host is shop.test and path starts with /a',
      "wild matches but loses: matches, but 'host' names its hosts without a wildcard",
      "plain matches but loses: matches, but 'host' sets more kinds of conditions (2 against 1)",
      'tenant does not match: header x-tenant is red, the route takes blue or green',
      'absent does not match: path /a does not start with /b; header x-other is absent, the route takes 1',
    ],
  },
  {
    ask: { path: '/a/1' },
    routes: [
      { name: 'prefix', paths: ['/a/1'] },
      { name: 'low', paths: ['~/a/\\d'] },
      { name: 'high', paths: ['~/a/\\d+$'], regexPriority: 3, protocols: ['https'] },
      { name: 'twin', paths: ['~/a/\\d'] },
    ],
    told: [
      'high wins: path fits ~/a/\\d+$; the route takes https only',
      "low matches but loses: matches, but 'high' has the higher regex_priority (3 against 0)",
      "twin matches but loses: matches, but 'high' has the higher regex_priority (3 against 0)",
      "prefix matches but loses: matches, but 'high' has a regex path, which goes before prefixes",
    ],
  },
]

for (const { ask, routes, told } of cases) {
  test(`why ${ask.path ?? ''} goes where it goes`, () => {
    const explained = createRouter(routes.map(entryOf)).explain(askOf(ask))
    assert.deepEqual(
      explained.map(({ name, outcome, reason }) => `${name ?? ''} ${outcome}: ${reason}`),
      told,
    )
  })
}

test('a version that is refused is told', () => {
  const tuning = { api: 'users', version: '1', by: 'header' } as const
  const versions = compileVersions([{ id: 'route-0', paths: ['/'], tuning }])
  const entry = entryOf({ paths: ['/'], version: versions.get('route-0') ?? null }, 0)
  const [told] = createRouter([entry]).explain(askOf({ headers: [['X-API-Version', '7']] }))
  assert.equal(told?.reason, 'path starts with /; refused, as version 7 is not known, users has 1')
})

test('of very many routes, the best are told', () => {
  const entries = Array.from({ length: 200 }, (_, place) => entryOf({ paths: ['/'] }, place))
  const explained = createRouter(entries).explain(askOf({}))
  assert.equal(explained.length, explanationLimit)
  assert.equal(explained[0]?.outcome, 'wins')
})
