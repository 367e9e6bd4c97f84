import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { openGateway, startOrigin, type Origin, type TestGateway } from '../../testing/gateway.ts'
import { accessExchange, accessOf, people } from '../testing/access.ts'
import type { AskedExchange } from '../testing/exchange.ts'
import { instanceOf, testHost } from '../testing/index.ts'
import { keelsonAuth } from './handler.ts'

/** Whose word is taken for a session: that of the page that is asked, and of no other. */

const assertion = {
  ...{ token: 'signed', expiresAt: '2030-01-01T00:00:00Z' },
  actor: { kind: 'user', id: 'u1', name: 'ana' },
}

/** A platform that knows everybody. */
const startPlatform = async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(assertion))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
type Platform = Awaited<ReturnType<typeof startPlatform>>

const fileOf = (service: number): string => `
_format_version: "3.0"
services:
- name: echo
  url: http://127.0.0.1:${service}
  routes:
  - name: known
    paths: [/known]
    plugins: [{ name: keelson-auth }]
  - name: guests
    paths: [/guests]
    plugins: [{ name: keelson-auth, config: { anonymous: guest } }]
consumers:
- username: guest
`

/** Where the gateway is asked by the browser, and pages that are the same site without being it. */
const host = 'ops.test:8080'
const own = `http://${host}`
const session = 'Cookie: keelson_session=abc'
const bearer = 'Authorization: Bearer kst_1'
const webSocket = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: a2V5']

describe('a real gateway', () => {
  let platform: Platform
  let origin: Origin
  let gateway: TestGateway

  before(async () => {
    platform = await startPlatform()
    origin = await startOrigin(({ headers }, response) => {
      const who = headers['x-keelson-user'] ?? headers['x-consumer-username']
      response.end(`served ${String(who)}`)
    })
    const asked: typeof keelsonAuth = {
      ...keelsonAuth,
      create: (config, given) => keelsonAuth.create(config, { ...given, platform: platform.url }),
    }
    gateway = await openGateway({ config: fileOf(origin.port), plugins: [asked] })
  })
  after(async () => {
    await gateway[Symbol.asyncDispose]()
    await origin[Symbol.asyncDispose]()
    platform.close()
  })

  /** The status, and who was served or why nobody was. */
  const ask = async (method: string, fields: readonly string[], path = '/known') => {
    const upgrades = fields.includes('Upgrade: websocket')
    const head = [
      `${method} ${path} HTTP/1.1`,
      `Host: ${host}`,
      `Connection: ${upgrades ? 'Upgrade' : 'close'}`,
      ...fields,
    ]
    const answer = await gateway.raw(`${head.join('\r\n')}\r\n\r\n`)
    const said = /served \w+|"message":"([^"]*)"/.exec(answer)
    return `${answer.slice(9, 12)} ${said?.[1] ?? said?.[0] ?? 'without a word'}`
  }

  const served = '200 served ana'
  const foreign = '403 The session vouches for this to pages of this origin only'
  const cases: { name: string; method: string; fields: string[]; path?: string; is: string }[] = [
    { name: 'its own page', method: 'POST', fields: [session, `Origin: ${own}`], is: served },
    {
      name: 'its own page, behind a proxy that speaks TLS',
      ...{ method: 'POST', fields: [session, `Origin: https://${host}`], is: served },
    },
    ...['http://ops.test:9000', 'http://ops.test', 'https://evil.example', 'null', ''].map(
      (from) => ({
        name: `a page of ${from === '' ? 'an empty origin' : from}`,
        ...{ method: 'POST', fields: [session, `Origin: ${from}`], is: foreign },
      }),
    ),
    ...['PUT', 'PATCH', 'DELETE', 'PURGE'].map((method) => ({
      name: 'a page on another port',
      ...{ method, fields: [session, 'Origin: http://ops.test:9000'], is: foreign },
    })),
    ...['GET', 'OPTIONS'].map((method) => ({
      name: 'a page on another port, which changes nothing',
      ...{ method, fields: [session, 'Origin: http://ops.test:9000'], is: served },
    })),
    {
      name: 'two origins, one of them its own',
      ...{ method: 'POST', fields: [session, `Origin: ${own}`, `Origin: ${own}x`], is: foreign },
    },
    ...['same-origin', 'none'].map((site) => ({
      name: `a browser that says ${site} and no Origin`,
      ...{ method: 'POST', fields: [session, `Sec-Fetch-Site: ${site}`], is: served },
    })),
    ...['same-site', 'cross-site'].map((site) => ({
      name: `a browser that says ${site} and no Origin`,
      ...{ method: 'POST', fields: [session, `Sec-Fetch-Site: ${site}`], is: foreign },
    })),
    {
      name: 'another Origin, whatever Sec-Fetch-Site says',
      method: 'POST',
      fields: [session, 'Origin: http://ops.test:9000', 'Sec-Fetch-Site: same-origin'],
      is: foreign,
    },
    { name: 'a program with a session', method: 'POST', fields: [session], is: foreign },
    { name: 'a program that reads', method: 'GET', fields: [session], is: served },
    {
      name: 'a WebSocket of its own page',
      ...{ method: 'GET', fields: [session, `Origin: ${own}`, ...webSocket], is: served },
    },
    {
      name: 'a WebSocket of a page on another port',
      method: 'GET',
      fields: [session, 'Origin: http://ops.test:9000', ...webSocket],
      is: foreign,
    },
    {
      name: 'a WebSocket from nowhere',
      ...{ method: 'GET', fields: [session, ...webSocket], is: foreign },
    },
    {
      name: 'a WebSocket by a token, from elsewhere',
      method: 'GET',
      fields: [bearer, 'Origin: http://ops.test:9000', ...webSocket],
      is: served,
    },
    {
      name: 'a token, from elsewhere',
      method: 'POST',
      fields: [bearer, session, 'Origin: https://evil.example'],
      is: served,
    },
    { name: 'a token of a program', method: 'POST', fields: [bearer], is: served },
    {
      name: 'a page on another port, where guests may come',
      method: 'POST',
      fields: [session, 'Origin: http://ops.test:9000'],
      path: '/guests',
      is: '200 served guest',
    },
    ...['/known', '/guests'].flatMap((path) =>
      [bearer, 'authorization: Basic YTpi', 'Authorization: Bearer kst_2'].map((second) => ({
        name: `a token, and then ${second} for ${path}`,
        method: 'GET',
        fields: [bearer, second],
        path,
        is: '400 The header authorization is there more than once',
      })),
    ),
  ]
  for (const { name, method, fields, path, is } of cases) {
    test(`${method} by ${name}: ${is}`, async () => {
      assert.equal(await ask(method, fields, path), is)
    })
  }
})

test('over https a page of http is another origin', async () => {
  const platform = await startPlatform()
  const instance = instanceOf(keelsonAuth, {}, { ...testHost(), platform: platform.url })
  const from = (origin: string) => {
    const asked: AskedExchange = {
      ...{ method: 'POST', scheme: 'https', host: 'ops.test', headers: ['Origin', origin] },
      platformCookie: 'keelson_session=abc',
    }
    return accessOf(instance, accessExchange(people({}), asked))
  }
  try {
    assert.equal(await from('https://ops.test'), 'ana without a consumer')
    assert.match(await from('http://ops.test'), /^403/)
  } finally {
    platform.close()
  }
})
