import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openGateway, startOrigin } from '../testing/gateway.ts'

const kong = (port: number): string => `
_format_version: "3.0"
services:
  - name: orders
    url: http://127.0.0.1:${port}/v1
    routes:
      - { name: orders, paths: [/orders], methods: [GET] }
      - name: order
        paths: ["~/orders/(?<id>[0-9]+)"]
        strip_path: false
        plugins: [{ name: key-auth }]
  - name: gone
    url: http://127.0.0.1:1
    routes: [{ name: secure, paths: [/secure], protocols: [https] }]
plugins: [{ name: correlation-id }]
consumers:
  - username: bob
    plugins: [{ name: rate-limiting, config: { minute: 5 } }]
`
const asking = (url: string, more: { method?: string; consumer?: string } = {}) => ({
  ...{ method: 'GET', url, headers: [], ...more },
})

type Asked = ReturnType<typeof asking>

const open = async () => {
  let asked = 0
  const origin = await startOrigin((_request, response) => {
    asked += 1
    response.end()
  })
  const gateway = await openGateway({ config: kong(origin.port) })
  return {
    ...{
      port: origin.port,
      explain: (asked: Asked) => gateway.proxy.explain(asked),
      asked: () => asked,
    },
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
    },
  }
}

test('says which route wins, why the other loses, and what the service would be asked', async () => {
  await using world = await open()
  const { routes, upstream, captures, note } = world.explain(asking('/orders/7?x=1'))
  assert.deepEqual(
    routes.map(({ outcome }) => outcome),
    ['wins', 'matches but loses'],
  )
  assert.match(routes[0]?.reason ?? '', /^path starts with .?\/orders/)
  assert.match(routes[1]?.reason ?? '', /'orders' sets more kinds of conditions/)
  assert.deepEqual([captures, note], [{}, null])
  assert.deepEqual(upstream, {
    ...{ url: `http://127.0.0.1:${world.port}/v1/7?x=1`, host: `127.0.0.1:${world.port}` },
    ...{ algorithm: 'round-robin', target: `127.0.0.1:${world.port}`, why: 'its only target' },
    others: [],
  })
  assert.equal(world.asked(), 0)
})

test('captures of a regex, and the plugins in the order they run with their phases', async () => {
  await using world = await open()
  const post = world.explain(asking('http://shop.test/orders/7', { method: 'POST' }))
  assert.deepEqual(post.captures, { 1: '7', id: '7' })
  assert.equal(post.upstream?.url, `http://127.0.0.1:${world.port}/v1/orders/7`)
  assert.equal(post.plugins.length, 2)
  assert.deepEqual(post.plugins[1]?.phases, ['access'])
})

test('as a consumer, with the plugins of the consumer', async () => {
  await using world = await open()
  const path = { method: 'POST', consumer: 'bob' }
  assert.equal(world.explain(asking('/orders/7', path)).plugins.length, 3)
  const nobody = world.explain(asking('/orders/7', { ...path, consumer: 'alice' }))
  assert.equal(nobody.note, 'there is no consumer alice here')
})

const refusals: [url: string, note: string | null, outcomes: string[]][] = [
  ['/secure', 'The route takes HTTPS only.', ['wins']],
  ['https://shop.test/secure', null, ['wins']],
  ['/nothing', null, []],
  ['/api/v1', 'No route takes it; paths below /api go to Keelson.', []],
]
for (const [url, note, outcomes] of refusals) {
  test(`${url}: ${note ?? (outcomes.length === 0 ? 'no route' : 'a way')}`, async () => {
    await using world = await open()
    const explained = world.explain(asking(url))
    assert.equal(explained.note, note)
    assert.deepEqual(
      explained.routes.map(({ outcome }) => outcome),
      outcomes,
    )
  })
}

test('a split: which rules the request fits, where it goes, and who else gets requests', async () => {
  const config = `
_format_version: "3.0"
services:
  - name: orders
    url: http://127.0.0.1:1
    routes: [{ name: orders, paths: [/orders] }]
    x-keelson:
      split:
        rules:
          - { service: preview, header: { name: X-Preview, value: "1" } }
          - { service: next, weight: 25 }
      mirror: { service: shadow, percent: 10 }
      failover: spare
  - { name: preview, url: "https://127.0.0.1:2/p" }
  - { name: next, url: "http://127.0.0.1:3" }
  - { name: shadow, url: "http://127.0.0.1:4" }
  - { name: spare, url: "http://127.0.0.1:5" }`
  await using gateway = await openGateway({ config })
  const plain = gateway.proxy.explain(asking('/orders/7')).upstream
  assert.equal(plain?.target, '127.0.0.1:1')
  assert.deepEqual(plain?.others, [
    'requests with x-preview: 1 go to preview; this one is not among them',
    '25 % of the requests go to next',
    'the rest stays here',
    'copies of 10 % go to shadow, whose answers nobody reads',
    'spare takes over when no target here is well',
  ])
  const headers = [{ name: 'x-preview', value: '1' }]
  const shown = gateway.proxy.explain({ ...asking('/orders/7'), headers }).upstream
  assert.equal(shown?.url, 'https://127.0.0.1:2/p/7')
  assert.equal(shown?.others[0], 'requests with x-preview: 1 go to preview')
})
