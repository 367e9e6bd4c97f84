/** Facts of Kong's router (spec/01-unit/08-router_spec.lua, flavour traditional_compatible). */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createRouter } from './index.ts'
import { askOf, entryOf, placeOf, type AskFixture, type RouteFixture } from './testing/routes.ts'

type Facts = {
  title: string
  routes: RouteFixture[]
  asks: [ask: AskFixture, place: number | null][]
}

const location = (...values: string[]): Record<string, string[]> => ({ location: values })
const client = { address: '10.1.2.3', port: 40_000, localAddress: '10.0.0.1', localPort: 8000 }

const facts: Facts[] = [
  {
    title: 'conditions of all kinds are met, any value of a kind will do',
    routes: [
      { hosts: ['domain-1.org', 'domain-2.org'] },
      { methods: ['TRACE'] },
      { paths: ['/my-route'] },
      { hosts: ['domain-1.org', 'domain-2.org'], paths: ['/route-4'] },
      { hosts: ['domain-1.org', 'domain-2.org'], methods: ['POST', 'PUT', 'PATCH'] },
      { paths: ['/route-6'], methods: ['POST', 'PUT', 'PATCH'] },
      { hosts: ['with-uri-1.org', 'with-uri-2.org'], methods: ['POST', 'PUT'], paths: ['/uri'] },
      { headers: location('my-location-1', 'my-location-2') },
      { headers: { ...location('my-location-1'), version: ['v1', 'v2'] } },
      { headers: location('my-location-1', 'my-location-2'), paths: ['/headers-uri'] },
      { hosts: ['domain-1.org:321', 'domain-2.org:321'] },
      { hosts: ['domain-3.org:321'] },
      { headers: { 'user-agent': ['~*windows|linux|os\\s+x\\s*[\\d\\._]+|solaris|bsd'] } },
    ],
    asks: [
      [{ host: 'domain-1.org' }, 0],
      [{ host: 'domain-1.org:80' }, 0],
      [{ host: 'domain-1.org:123' }, 0],
      [{ host: 'Domain-2.ORG.' }, 0],
      [{ host: 'domain-1.org:321' }, 10],
      [{ host: 'domain-3.org:321' }, 11],
      [{ host: 'domain-3.org:123' }, null],
      [{ host: 'domain-3.org' }, null],
      [{ host: 'domain-3.org', client: { ...client, localPort: 321 } }, 11],
      [{ path: '/my-route' }, 2],
      [{ path: '/my-route', host: '' }, 2],
      [{ path: '/some-other-prefix/my-route' }, null],
      [{ method: 'TRACE' }, 1],
      [{ method: 'TRACE', host: 'domain-2.org' }, 0],
      [{ method: 'TRACE', path: '/my-route' }, 2],
      [{ host: 'domain-1.org', path: '/route-4' }, 3],
      [{ host: 'domain-3.org', path: '/route-4' }, null],
      [{ host: 'domain-1.org', method: 'POST' }, 4],
      [{ path: '/route-6', method: 'PUT' }, 5],
      [{ path: '/route-6', method: 'GET' }, null],
      [{ host: 'with-uri-1.org', path: '/uri', method: 'PUT' }, 6],
      [{ host: 'with-uri-1.org', path: '/uri', method: 'GET' }, null],
      [{ headers: [['Location', 'my-location-1']] }, 7],
      [{ headers: [['location', 'MY-LOCATION-2']] }, 7],
      [{ headers: [['location', 'my-location-3']] }, null],
      [
        {
          headers: [
            ['location', 'other'],
            ['location', 'my-location-2'],
          ],
        },
        7,
      ],
      [
        {
          headers: [
            ['location', 'my-location-1'],
            ['version', 'v2'],
          ],
        },
        8,
      ],
      [
        {
          headers: [
            ['location', 'my-location-1'],
            ['version', 'v3'],
          ],
        },
        7,
      ],
      [{ headers: [['location', 'my-location-1']], path: '/headers-uri' }, 9],
      [{ headers: [['User-Agent', 'Mozilla (Linux)']] }, 12],
      [{ headers: [['User-Agent', 'Mozilla (OS X 10_1)']] }, 12],
      [{ headers: [['User-Agent', 'curl']] }, null],
    ],
  },
  {
    title: 'of two prefixes the longer one wins, with or without other conditions',
    routes: [
      { paths: ['/my-route'] },
      { paths: ['/my-route/hello'] },
      { paths: ['/h'], hosts: ['domain.net'] },
      { paths: ['/h/hello'], hosts: ['domain.net'] },
      { paths: ['/h/hello/world'], hosts: ['domain.com'] },
      { paths: ['/'] },
      { paths: ['/something/my-route'] },
    ],
    asks: [
      [{ path: '/my-route' }, 0],
      [{ path: '/my-routes' }, 0],
      [{ path: '/my-route/world' }, 0],
      [{ path: '/my-route/hello' }, 1],
      [{ path: '/my-route/hello/world' }, 1],
      [{ path: '/h/hello/world', host: 'domain.net' }, 3],
      [{ path: '/something/my-route' }, 6],
      [{ path: '/foobar/baz' }, 5],
      [{ path: '/' }, 5],
    ],
  },
  {
    title: 'each path of a route has the priority of its own length',
    routes: [{ paths: ['/a', '/bbbbbbb'] }, { paths: ['/a/bb'] }, { paths: ['/c', '~/d+$'] }],
    asks: [
      [{ path: '/a/bb/foobar' }, 1],
      [{ path: '/bbbbbbb' }, 0],
      [{ path: '/ddd' }, 2],
      [{ path: '/cc' }, 2],
    ],
  },
  {
    title: 'a regex goes before every prefix, and is anchored at the start',
    routes: [
      { paths: ['/route/persons/123/profile'] },
      { paths: ['~/route/persons/\\d+/profile'] },
      { paths: ['/route/fixture'] },
      { paths: ['~/route/(fixture)'] },
      { paths: ['~/a|/b'] },
    ],
    asks: [
      [{ path: '/route/persons/123/profile' }, 1],
      [{ path: '/route/persons/abc/profile' }, null],
      [{ path: '/route/fixture' }, 3],
      [{ path: '/extra/route/fixture' }, null],
      [{ path: '/b' }, 4],
      [{ path: '/x/b' }, null],
    ],
  },
  {
    title: 'between regexes regex_priority decides, then the order; prefixes have none',
    routes: [
      { paths: ['~/route/persons/\\d{3}'] },
      { paths: ['~/route/persons/\\d{3}/following'] },
      { paths: ['~/route/persons/\\d{3}/[a-z]+'], regexPriority: 5 },
      { paths: ['~/route/[a-z]+'], regexPriority: -1 },
      { paths: ['/short'], regexPriority: 100 },
      { paths: ['/short/longer'] },
    ],
    asks: [
      [{ path: '/route/persons/456' }, 0],
      [{ path: '/route/persons/456/following' }, 2],
      [{ path: '/route/persons' }, 3],
      [{ path: '/short/longer' }, 5],
    ],
  },
  {
    title: 'wildcards at either end of a host, with and without port',
    routes: [
      { hosts: ['*.route.com'] },
      { hosts: ['route.*'] },
      { hosts: ['*.route.net:123'] },
      { hosts: ['route.*:123'] },
      { hosts: ['plain.route.com'] },
      { hosts: ['route.com'] },
      { hosts: ['route.*:80'] },
    ],
    asks: [
      [{ host: 'foo.route.com' }, 0],
      [{ host: 'foo.route.com:123' }, 0],
      [{ host: 'foo.bar.route.com' }, 0],
      [{ host: 'plain.route.com' }, 4],
      [{ host: 'route.com' }, 5],
      [{ host: 'route.org:456' }, 1],
      [{ host: 'route.org:123' }, 3],
      [{ host: 'route.org:80' }, 6],
      [{ host: 'route.org' }, 6],
      [{ host: 'foo.route.net:123' }, 2],
      [{ host: 'foo.route.net:456' }, null],
    ],
  },
  {
    title: 'a wildcard host with a path beats a plain host with another path',
    routes: [
      { hosts: ['*.route.com'], paths: ['/path1'] },
      { hosts: ['plain.route.com'], paths: ['/path2'] },
      { hosts: ['*.domain.com', 'example.com'], paths: ['/path'], methods: ['GET', 'TRACE'] },
    ],
    asks: [
      [{ host: 'plain.route.com', path: '/path1' }, 0],
      [{ host: 'plain.route.com', path: '/path2' }, 1],
      [{ host: 'foo.domain.com', path: '/path', method: 'POST' }, null],
      [{ host: 'foo.domain.com', path: '/path', method: 'GET' }, 2],
      [{ host: 'example.com', path: '/path', method: 'TRACE' }, 2],
    ],
  },
  {
    title: 'IPv6 hosts, with and without brackets',
    routes: [
      { hosts: ['::11', '[::12]'] },
      { hosts: ['::21', '[::22]'] },
      { hosts: ['[::31]:321', '[::32]:321'] },
      { hosts: ['[::21]:321', '[::22]:321'] },
    ],
    asks: [
      [{ host: '::11' }, 0],
      [{ host: '[::11]' }, 0],
      [{ host: '[::11]:654' }, 0],
      [{ host: '[::21]:321' }, 3],
      [{ host: '[::31]:321' }, 2],
      [{ host: '[::21]:654' }, 1],
      [{ host: '[::31]:654' }, null],
    ],
  },
  {
    title: 'more headers go before a longer path, and methods weigh least',
    routes: [
      { headers: { version: ['v1'] }, paths: ['/my-route/hello'] },
      { headers: { version: ['v1'], location: ['us-east'] }, paths: ['/my-route'] },
      { methods: ['GET'] },
      { hosts: ['domain.*'] },
    ],
    asks: [
      [
        {
          path: '/my-route/hello',
          headers: [
            ['version', 'v1'],
            ['location', 'us-east'],
          ],
        },
        1,
      ],
      [{ path: '/my-route/hello', headers: [['version', 'v1']] }, 0],
      [{ host: 'nothing.com' }, 2],
      [{ host: 'domain.com' }, 3],
    ],
  },
  {
    title: 'SNIs with wildcards and final dots; plain http is not held to them',
    routes: [
      { snis: ['*.sni.test'] },
      { snis: ['sni.*'] },
      { snis: ['full.example.'], paths: ['/full'] },
    ],
    asks: [
      [{ scheme: 'https', sni: 'foo.sni.test' }, 0],
      [{ scheme: 'https', sni: 'foo.bar.sni.test' }, 0],
      [{ scheme: 'https', sni: 'sni.foo.bar' }, 1],
      [{ scheme: 'https', sni: 'bar.sni.foo' }, null],
      [{ scheme: 'https', sni: null }, null],
      [{ scheme: 'https', sni: 'full.example', path: '/full' }, 2],
      [{ scheme: 'http', path: '/full' }, 2],
    ],
  },
  {
    title: 'sources and destinations, by address, range and port',
    routes: [
      { sources: [{ ip: '10.1.0.0/16', port: null }] },
      { sources: [{ ip: '10.1.2.3', port: 40_000 }], paths: ['/exact'] },
      { destinations: [{ ip: null, port: 8000 }], paths: ['/port'] },
      { sources: [{ ip: 'fd00::/8', port: null }] },
    ],
    asks: [
      [{ client }, 0],
      [{ client, path: '/exact' }, 1],
      [{ client: { ...client, port: 1 }, path: '/exact' }, 0],
      [{ client: { ...client, address: '10.2.0.1' } }, null],
      [{ client: { ...client, address: '10.2.0.1' }, path: '/port' }, 2],
      [{ client: { ...client, address: 'fd00::7' } }, 3],
      [{}, null],
    ],
  },
  {
    title: 'with segments, prefixes end at borders; /shop/ and /shop are one',
    routes: [
      { paths: ['/shop'], segments: true },
      { paths: ['/cart/'], segments: true },
      { paths: ['/'], segments: true },
    ],
    asks: [
      [{ path: '/shop' }, 0],
      [{ path: '/shop/x' }, 0],
      [{ path: '/shopping' }, 2],
      [{ path: '/cart' }, 1],
      [{ path: '/cart/x' }, 1],
      [{ path: '/carts' }, 2],
      [{ path: '/' }, 2],
    ],
  },
  {
    title: 'of equals the first wins',
    routes: [{ paths: ['/same'] }, { paths: ['/same'] }, { paths: ['/same'], methods: ['PUT'] }],
    asks: [
      [{ path: '/same' }, 0],
      [{ path: '/same', method: 'PUT' }, 2],
    ],
  },
  {
    title: 'paths of routes are taken as they are written',
    routes: [
      { paths: ['/plain/a.b.c'] },
      { paths: ['~/regex-reserved%2Fabc'] },
      { paths: ['/quote"#'] },
    ],
    asks: [
      [{ path: '/plain/a.b.c' }, 0],
      [{ path: '/plain/aab.c' }, null],
      [{ path: '/regex-reserved/abc' }, null],
      [{ path: '/regex-reserved%2Fabc' }, 1],
      [{ path: '/quote"#/x' }, 2],
    ],
  },
]

for (const { title, routes, asks } of facts) {
  test(title, () => {
    const router = createRouter(routes.map(entryOf))
    for (const [ask, place] of asks) {
      assert.equal(placeOf(router, ask), place, JSON.stringify(ask))
    }
  })
}

const matches: {
  title: string
  route: RouteFixture
  ask: AskFixture
  expected: Record<string, unknown>
}[] = [
  {
    title: 'a prefix is stripped and told',
    route: { paths: ['/hello'] },
    ask: { path: '/hello/world' },
    expected: { upstreamPath: '/world', strippedPrefix: '/hello', captures: null },
  },
  {
    title: 'the root is not worth telling',
    route: { paths: ['/'] },
    ask: { path: '/hello' },
    expected: { upstreamPath: '/hello', strippedPrefix: '', matchedPath: '/' },
  },
  {
    title: 'a route without a path strips nothing',
    route: { hosts: ['domain.org'], servicePath: '/base' },
    ask: { path: '/hello' },
    expected: { upstreamPath: '/base/hello', strippedPrefix: '', matchedPath: '' },
  },
  {
    title: 'with segments and a final slash',
    route: { paths: ['/shop/'], segments: true },
    ask: { path: '/shop/x' },
    expected: { upstreamPath: '/x', strippedPrefix: '/shop' },
  },
  {
    title: 'captures by number and by name',
    route: { paths: ['~/users/(?P<user_id>\\d+)/profile/?(?P<scope>[a-z]*)'], stripPath: false },
    ask: { path: '/users/1984/profile/email' },
    expected: {
      captures: { list: ['1984', 'email'], named: { user_id: '1984', scope: 'email' } },
      upstreamPath: '/users/1984/profile/email',
    },
  },
  {
    title: 'a group that takes no part has a number and no name',
    route: { paths: ['~/(?<who>users/)?1984/(?<subpath>profile)$'] },
    ask: { path: '/1984/profile' },
    expected: { captures: { list: ['', 'profile'], named: { subpath: 'profile' } } },
  },
  {
    title: 'a regex without groups has no captures; what it took is stripped',
    route: { paths: ['~/users/\\d+'] },
    ask: { path: '/users/1984/profile' },
    expected: { captures: null, strippedPrefix: '/users/1984', upstreamPath: '/profile' },
  },
  {
    title: 'what was decoded is escaped again where it leaves',
    route: { paths: ['~/a[^/]*/end'] },
    ask: { path: '/a\n \u4e2d/end/\u00e9' },
    expected: { strippedPrefix: '/a%0A%20%E4%B8%AD/end', upstreamPath: '/%C3%A9' },
  },
  {
    title: 'http on a route for https only',
    route: { paths: ['/'], protocols: ['https'] },
    ask: {},
    expected: { needsHttps: true },
  },
  {
    title: 'https on a route for http only',
    route: { paths: ['/'], protocols: ['http'] },
    ask: { scheme: 'https' },
    expected: { needsHttps: false },
  },
]

for (const { title, route, ask, expected } of matches) {
  test(title, () => {
    const match = createRouter([entryOf(route, 0)]).find(askOf(ask))
    assert.ok(match !== undefined)
    const told = Object.fromEntries(
      Object.entries(match).filter(([key]) => Object.hasOwn(expected, key)),
    )
    assert.deepEqual(told, expected)
  })
}

test('the route that matches best wins even when it needs https', () => {
  const router = createRouter([
    entryOf({ paths: ['/'] }, 0),
    entryOf({ paths: ['/secure'], protocols: ['https'] }, 1),
  ])
  assert.equal(router.find(askOf({ path: '/secure' }))?.needsHttps, true)
})

test('a route whose regex cannot be used is refused, the others stay', () => {
  const refused: string[] = []
  const entries = [entryOf({ paths: ['~/(?=x)'] }, 0), entryOf({ paths: ['/'] }, 1)]
  const router = createRouter(entries, {
    onRefused: (entry, reason) => refused.push(`${entry.id}: ${reason.message}`),
  })
  assert.deepEqual(refused, [
    'route-0: the regex looks ahead or behind, which cannot be matched in linear time',
  ])
  assert.equal(placeOf(router, {}), 1)
  assert.throws(() => createRouter(entries), /looks ahead/)
})
