import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { createRouteMatcher, resolveDots, stripPrefix, type RouteKey } from './routes.ts'

const cases: { routes: RouteKey[]; host: string; path: string; expected: number | null }[] = [
  { routes: [{ path: '/' }], host: 'a', path: '/x', expected: 0 },
  { routes: [{ path: '/api' }], host: 'a', path: '/api', expected: 0 },
  { routes: [{ path: '/api' }], host: 'a', path: '/api/', expected: 0 },
  { routes: [{ path: '/api' }], host: 'a', path: '/api/x', expected: 0 },
  { routes: [{ path: '/api' }], host: 'a', path: '/apiary', expected: null },
  { routes: [{ path: '/api/' }], host: 'a', path: '/api', expected: 0 },
  {
    routes: [{ path: '/' }, { path: '/a' }, { path: '/a/b' }],
    host: 'h',
    path: '/a/bc',
    expected: 1,
  },
  { routes: [{ path: '/' }, { path: '/a/b' }], host: 'h', path: '/a/b/c/d', expected: 1 },
  { routes: [{ path: '/' }, { path: '/a/b/c' }], host: 'h', path: '/a/b', expected: 0 },
  { routes: [{ path: '/a' }, { path: '/', host: 'h' }], host: 'h', path: '/a', expected: 1 },
  { routes: [{ path: '/a' }, { path: '/b', host: 'h' }], host: 'h', path: '/a', expected: 0 },
  {
    routes: [{ path: '/', host: 'Shop.Example' }],
    host: 'shop.EXAMPLE:8080',
    path: '/',
    expected: 0,
  },
  { routes: [{ path: '/', host: 'shop.example' }], host: 'shop.example.', path: '/', expected: 0 },
  { routes: [{ path: '/', host: '*.example.com' }], host: 'a.example.com', path: '/', expected: 0 },
  {
    routes: [{ path: '/', host: '*.example.com' }],
    host: 'a.b.example.com',
    path: '/',
    expected: 0,
  },
  {
    routes: [{ path: '/', host: '*.example.com' }],
    host: 'example.com',
    path: '/',
    expected: null,
  },
  {
    routes: [
      { path: '/', host: '*.com' },
      { path: '/', host: '*.b.com' },
      { path: '/', host: 'a.b.com' },
    ],
    host: 'x.b.com',
    path: '/',
    expected: 1,
  },
  {
    routes: [
      { path: '/', host: '*.com' },
      { path: '/', host: 'a.com' },
    ],
    host: 'a.com',
    path: '/',
    expected: 1,
  },
  { routes: [{ path: '/', host: '[::1]' }], host: '[::1]:8080', path: '/', expected: 0 },
]
for (const { routes, host, path, expected } of cases) {
  const names = routes.map((entry) => `${entry.host ?? ''}${entry.path}`).join(' ')
  test(`${host}${path} among ${names} takes ${expected ?? 'nothing'}`, () => {
    const found = createRouteMatcher(routes, () => {}).find(host, path)
    assert.equal(found, expected === null ? undefined : routes[expected])
  })
}

/** The rule, word for word and without any speed. */
const naive = (routes: readonly RouteKey[], host: string, path: string): RouteKey | undefined => {
  const kindOf = (route: RouteKey): number =>
    route.host === undefined ? 0 : route.host.startsWith('*') ? route.host.length : 1000
  return routes
    .filter(
      (route) =>
        route.host === undefined ||
        route.host === host ||
        (route.host.startsWith('*.') &&
          host.endsWith(route.host.slice(1)) &&
          host !== route.host.slice(1)),
    )
    .filter((route) => {
      const segments = route.path.split('/').filter((segment) => segment !== '')
      const wanted = path.split('/').slice(1)
      return segments.every((segment, at) => wanted[at] === segment)
    })
    .sort(
      (a, b) =>
        kindOf(b) - kindOf(a) ||
        b.path.replace(/\/$/, '').length - a.path.replace(/\/$/, '').length ||
        routes.indexOf(a) - routes.indexOf(b),
    )[0]
}

test('route matching agrees with the rule written out', () => {
  const segment = fc.constantFrom('a', 'b', 'ab', 'api', 'apiary')
  const path = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
  const host = fc.constantFrom('x.com', 'a.x.com', 'b.a.x.com', 'y.com')
  const routeHost = fc.constantFrom(undefined, 'x.com', 'a.x.com', '*.x.com', '*.a.x.com', '*.com')
  const aRoute = fc.record({ host: routeHost, path }).map(({ host, path }) => ({
    path,
    ...(host === undefined ? {} : { host }),
  }))
  fc.assert(
    fc.property(fc.array(aRoute, { maxLength: 12 }), host, path, (routes, name, target) => {
      const found = createRouteMatcher(routes, () => {}).find(name, target)
      assert.deepEqual(found, naive(routes, name, target))
    }),
    { numRuns: 2000 },
  )
})

test('two routes with the same address: the first wins, the other is named', () => {
  const routes = [
    { path: '/a', id: 1 },
    { path: '/a/', id: 2 },
  ]
  const losers: number[] = []
  const matcher = createRouteMatcher(routes, (loser) => losers.push(loser.id))
  assert.equal(matcher.find('h', '/a')?.id, 1)
  assert.deepEqual(losers, [2])
})

for (const [target, prefix, expected] of [
  ['/shop/x', '/shop', '/x'],
  ['/shop', '/shop', '/'],
  ['/shop/', '/shop', '/'],
  ['/shop//evil.example', '/shop', '/evil.example'],
  ['/x', '', '/x'],
] as const) {
  test(`${target} without ${prefix} is ${expected}`, () => {
    assert.equal(stripPrefix(target, prefix.length), expected)
  })
}

for (const [path, expected] of [
  ['/a/b', '/a/b'],
  ['/a/../b', '/b'],
  ['/a/./b', '/a/b'],
  ['/a/%2e%2E/b', '/b'],
  ['/a/.%2e/b/', '/b/'],
  ['/a/..', '/'],
  ['/../../etc', '/etc'],
  ['/a/.well-known', '/a/.well-known'],
  ['/a/...', '/a/...'],
  ['/a/%2f', '/a/%2f'],
  ['/', '/'],
] as const) {
  test(`the dots of ${path} resolve to ${expected}`, () => {
    assert.equal(resolveDots(path), expected)
  })
}
