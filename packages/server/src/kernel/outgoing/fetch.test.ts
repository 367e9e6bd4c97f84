import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../clock.ts'
import { openLocalAuthority } from '../../gateway/tls/local-authority.ts'
import { isPublicAddress } from './addresses.ts'
import { fetchOutgoing, type OutgoingPolicy } from './fetch.ts'
import { OutgoingError } from './outgoing-error.ts'

const policy: OutgoingPolicy = {
  allowHttp: true,
  allowInternal: true,
  timeoutMs: 10_000,
  maxBytes: 1000,
}

const pages: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  '/': (_, response) => response.end('hello'),
  '/long': (_, response) => response.end('x'.repeat(1001)),
  '/silent': () => {},
  '/here': (_, response) => response.writeHead(302, { location: '/' }).end(),
  '/there': (_, response) => response.writeHead(302, { location: 'http://localhost:1/' }).end(),
  '/round': (_, response) => response.writeHead(302, { location: '/round' }).end(),
  '/cut': (_, response) => {
    response.writeHead(200, { 'content-length': '10' })
    response.write('x')
    response.socket?.destroySoon()
  },
}

describe('an outgoing request', () => {
  let base = ''
  const server = createServer((request, response) => pages[request.url ?? '']?.(request, response))
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(
    () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  )

  const reasonOf = async (url: string, changes: Partial<OutgoingPolicy> = {}, ask = {}) => {
    try {
      const { body } = await fetchOutgoing(url, { ...policy, ...changes }, ask)
      return body.toString()
    } catch (error) {
      assert.ok(error instanceof OutgoingError, String(error))
      return error.reason
    }
  }

  test('brings the answer', async () => {
    assert.equal(await reasonOf(`${base}/`), 'hello')
  })

  test('is bounded in size and time, and tells of broken answers', async () => {
    assert.equal(await reasonOf(`${base}/long`), 'too_large')
    assert.equal(await reasonOf(`${base}/silent`, { timeoutMs: 50 }), 'timeout')
    assert.equal(await reasonOf(`${base}/cut`), 'unreachable')
  })

  test('follows redirects to the same origin only, not for ever, and never with a body', async () => {
    assert.equal(await reasonOf(`${base}/here`), 'hello')
    assert.equal(await reasonOf(`${base}/there`), 'redirect')
    assert.equal(await reasonOf(`${base}/round`), 'redirect')
    assert.equal(await reasonOf(`${base}/here`, {}, { method: 'POST', body: 'x' }), 'redirect')
  })

  test('follows none where none may be', async () => {
    assert.equal(await reasonOf(`${base}/here`, { maxRedirects: 0 }), 'redirect')
    assert.equal(await reasonOf(`${base}/`, { maxRedirects: 0 }), 'hello')
  })

  test('wants https', async () => {
    assert.equal(await reasonOf(`${base}/`, { allowHttp: false }), 'bad_url')
    assert.equal(await reasonOf('ftp://example.com/'), 'bad_url')
    assert.equal(await reasonOf('no url'), 'bad_url')
    assert.equal(await reasonOf('https://me:secret@example.com/'), 'bad_url')
  })

  test('is not led inside, by an address or by a name', async () => {
    const { port } = new URL(base)
    for (const host of [
      ...['127.0.0.1', 'localhost', '0x7f.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]'],
      ...['10.0.0.1', '169.254.169.254', '[fd00::1]', '0.0.0.0'],
    ]) {
      const url = `http://${host}:${port}/`
      assert.equal(await reasonOf(url, { allowInternal: false }), 'internal_address', host)
    }
  })
})

test('speaks TLS to whom the CAs vouch for, and to nobody else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-outgoing-'))
  const authority = await openLocalAuthority(folder, systemClock)
  const server = createSecureServer(await authority.leafFor('localhost'), (_, response) =>
    response.end('hello'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `https://localhost:${(server.address() as AddressInfo).port}/`
  const secure = { ...policy, allowHttp: false }
  const answer = await fetchOutgoing(url, { ...secure, ca: authority.certificate })
  assert.equal(answer.body.toString(), 'hello')
  await assert.rejects(fetchOutgoing(url, secure), { reason: 'unreachable' })
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true })
})

describe('an address', () => {
  const cases: [address: string, isPublic: boolean][] = [
    ['8.8.8.8', true],
    ['2606:4700::1111', true],
    ['127.0.0.1', false],
    ['10.1.2.3', false],
    ['172.16.0.1', false],
    ['192.168.0.1', false],
    ['169.254.169.254', false],
    ['100.64.0.1', false],
    ['198.18.0.1', false],
    ['224.0.0.1', false],
    ['0.0.0.0', false],
    ['::', false],
    ['::1', false],
    ['fe80::1', false],
    ['fd00::1', false],
    ['::ffff:10.0.0.1', false],
    ['64:ff9b::a00:1', false],
    ['2002:a00:1::', false],
    ['nonsense', false],
  ]
  for (const [address, isPublic] of cases) {
    test(`${address} is ${isPublic ? 'outside' : 'inside'}`, () => {
      assert.equal(isPublicAddress(address), isPublic)
    })
  }
})
