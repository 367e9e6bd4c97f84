import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { test } from 'node:test'
import { createManualClock } from '../../../kernel/testing/index.ts'
import { accessExchange, accessOf, answerHeader, people } from '../testing/access.ts'
import type { AskedExchange } from '../testing/exchange.ts'
import { configOf, instanceOf, testHost } from '../testing/index.ts'
import { keelsonAuth } from './handler.ts'

type Asked = { authorization?: string; cookie?: string; body: unknown }

const assertion = {
  ...{ token: 'signed', expiresAt: '2030-01-01T00:00:00Z' },
  actor: { kind: 'user', id: 'u1', name: 'ána' },
}
const problem = (status: number) => ({ status, detail: `said ${status}` })

/** Something that answers where the platform does, with the status that the token names. */
const open = async (config: object = {}) => {
  const asked: Asked[] = []
  const serve = async (request: IncomingMessage): Promise<{ status: number; body: object }> => {
    const { authorization, cookie } = request.headers
    asked.push({
      ...(authorization === undefined ? {} : { authorization }),
      ...(cookie === undefined ? {} : { cookie }),
      body: await json(request),
    })
    const status = Number(/\d+$/.exec(authorization ?? cookie ?? '')?.[0] ?? 200)
    return { status, body: status === 200 ? assertion : problem(status) }
  }
  const server = createServer((request, response) => {
    void serve(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const clock = createManualClock()
  const host = { ...testHost({ clock }), platform: `http://127.0.0.1:${port}`, stack: 'shop' }
  const instance = instanceOf(keelsonAuth, config, host)
  const ask = async (given: AskedExchange) => {
    const exchange = accessExchange(people({ guest: {} }), {
      ...{ service: { id: 's', host: 'web' }, ...given },
    })
    return { is: await accessOf(instance, exchange), exchange }
  }
  return {
    ...{ ask, asked, clock, server },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

const bearer = (token: string) => ['Authorization', `Bearer ${token}`]

test('defaults', () => {
  assert.deepEqual(configOf(keelsonAuth), {
    ...{ object: null, permission: null, cookies: true, hide_credentials: true },
    ...{ anonymous: null, run_on_preflight: true, realm: null },
  })
})

test('who is known gets through, and the service is told who it is', async () => {
  await using platform = await open()
  const forged = ['X-Keelson-Identity', 'mine', 'x-keelson-user', 'root']
  const { is, exchange } = await platform.ask({ headers: [...bearer('kst_1-200'), ...forged] })
  assert.equal(is, 'ána without a consumer')
  assert.deepEqual(platform.asked, [
    {
      authorization: 'Bearer kst_1-200',
      body: { object: 'service:shop/web', address: '192.0.2.1' },
    },
  ])
  const { headers } = exchange.request
  assert.equal(headers.get('x-keelson-identity'), 'signed')
  assert.match(headers.get('x-keelson-user') ?? '', /na$/)
  assert.equal(headers.get('authorization'), undefined)
})

const cases: { name: string; config?: object; asked: AskedExchange; is: string }[] = [
  { name: 'nobody', asked: {}, is: '401 Nobody is signed in' },
  { name: 'a token that is not valid', asked: { headers: bearer('401') }, is: '401 said 401' },
  { name: 'somebody who may not', asked: { headers: bearer('403') }, is: '403 said 403' },
  {
    name: 'the session of the page',
    asked: { platformCookie: 'keelson_session=200' },
    is: 'ána without a consumer',
  },
  {
    name: 'a session where none is taken',
    config: { cookies: false },
    asked: { platformCookie: 'keelson_session=200' },
    is: '401 Nobody is signed in',
  },
  {
    name: 'a platform that fails',
    asked: { headers: bearer('500') },
    is: '503 Who asks cannot be found out now',
  },
  { name: 'nobody, as a guest', config: { anonymous: 'guest' }, asked: {}, is: 'guest' },
  {
    name: 'a preflight where it may pass',
    config: { run_on_preflight: false },
    asked: { method: 'OPTIONS' },
    is: 'nobody',
  },
]
for (const { name, config, asked, is } of cases) {
  test(`${name}: ${is}`, async () => {
    await using platform = await open(config)
    assert.equal((await platform.ask(asked)).is, is)
  })
}

test('a 401 says what would be taken', async () => {
  await using platform = await open({ realm: 'shop' })
  const { exchange } = await platform.ask({})
  assert.equal(answerHeader(exchange, 'WWW-Authenticate'), 'Bearer realm="shop"')
})

test('the permission is asked on the object that is configured', async () => {
  await using platform = await open({ object: 'stack:blog', permission: 'services:read' })
  await platform.ask({ headers: bearer('200') })
  assert.deepEqual(platform.asked[0]?.body, {
    ...{ object: 'stack:blog', permission: 'services:read', address: '192.0.2.1' },
  })
})

test('a caller is asked about twice a second at most, and never believed for longer', async () => {
  await using platform = await open()
  const send = () => platform.ask({ headers: bearer('200') })
  await Promise.all([send(), send(), send()])
  assert.equal(platform.asked.length, 1)
  platform.clock.advance(499)
  await send()
  assert.equal(platform.asked.length, 1)
  platform.clock.advance(1)
  await send()
  await platform.ask({ headers: bearer('other-200') })
  assert.equal(platform.asked.length, 3)
})

test('where a caller comes from is told, and an answer for one place is none for another', async () => {
  await using platform = await open()
  for (const clientIp of ['192.0.2.5', '203.0.113.9', '192.0.2.5']) {
    await platform.ask({ headers: bearer('200'), clientIp })
  }
  const told = platform.asked.map(({ body }) => (body as { address: string }).address)
  assert.deepEqual(told, ['192.0.2.5', '203.0.113.9'])
})

test('without a platform it does not run', () => {
  assert.throws(() => instanceOf(keelsonAuth, {}), /no platform/)
})
