import assert from 'node:assert/strict'
import { test } from 'node:test'

import { aPlugin, openGateway } from '../../testing/gateway.ts'
import { app, echo, echoOf, plugin, streamOf } from './testing.ts'

test('the request can be changed: method, path, query, host, headers, body', async () => {
  await using origin = await echo()
  const changing = plugin('changing', 10, () => ({
    access: async ({ request }) => {
      assert.equal(request.path, '/a b')
      assert.equal(request.query, '?q=1')
      assert.equal(request.cookies.get('c'), '2')
      const body = await request.readBody(1000)
      assert.equal(body?.toString(), 'hello')
      request.method = 'PUT'
      request.upstreamPath = '/other'
      request.upstreamQuery = '?z=2'
      request.upstreamHost = 'other.test'
      request.headers.set('x-a', 'b')
      request.headers.remove('cookie')
      request.setBody(Buffer.from('changed!'))
    },
  }))
  await using gateway = await openGateway({
    plugins: [changing],
    config: app(origin.port, { plugins: [aPlugin('changing')] }),
  })
  const headers = { 'x-a': '1', cookie: 'a=1; c=2' }
  const init = { method: 'POST', body: 'hello', headers }
  const seen = await echoOf(await gateway.fetch('/a%20b?q=1', init))
  assert.deepEqual([seen.method, seen.url, seen.body], ['PUT', '/other?z=2', 'changed!'])
  assert.equal(seen.headers['host'], 'other.test')
  assert.equal(seen.headers['x-a'], 'b')
  assert.equal(seen.headers['content-length'], '8')
  assert.equal(seen.headers['cookie'], undefined)
})

const bodies = [
  { title: 'none', init: {}, limit: 10, read: '' },
  { title: 'small', init: { method: 'POST', body: 'small' }, limit: 10, read: 'small' },
  {
    title: 'declared larger',
    init: { method: 'POST', body: 'x'.repeat(20) },
    limit: 10,
    read: null,
  },
  {
    title: 'chunked, small',
    init: {
      method: 'POST',
      body: streamOf([Buffer.from('ab'), Buffer.from('cd')]),
      duplex: 'half',
    },
    limit: 10,
    read: 'abcd',
  },
  {
    title: 'chunked, larger',
    init: {
      method: 'POST',
      body: streamOf([Buffer.alloc(8, 'a'), Buffer.alloc(8, 'b'), Buffer.alloc(70_000, 'c')]),
      duplex: 'half',
    },
    limit: 10,
    read: null,
  },
] as const

test('a body that was read, or was too large to be, is still sent on', async (t) => {
  await using origin = await echo()
  for (const { title, init, limit, read } of bodies) {
    await t.test(title, async () => {
      let got: string | null | undefined
      const reading = plugin('reading', 10, () => ({
        access: async ({ request }) => {
          got = (await request.readBody(limit))?.toString() ?? null
        },
      }))
      await using gateway = await openGateway({
        plugins: [reading],
        config: app(origin.port, { plugins: [aPlugin('reading')] }),
      })
      const seen = await echoOf(await gateway.fetch('/', init))
      assert.equal(got, read)
      const expected =
        title === 'chunked, larger'
          ? 70_016
          : title === 'declared larger'
            ? 20
            : (read ?? '').length
      assert.equal(seen.body.length, expected)
    })
  }
})

test('a body larger than a plugin allows is cut off with its answer', async () => {
  await using origin = await echo()
  const bounding = plugin('bounding', 10, () => ({
    access: ({ request }) => request.limitBody(1000, { status: 413, body: 'too much' }),
  }))
  await using gateway = await openGateway({
    plugins: [bounding],
    config: app(origin.port, { plugins: [aPlugin('bounding')] }),
  })
  const chunks = Array.from({ length: 40 }, () => Buffer.alloc(100))
  const body = streamOf(chunks)
  const answer = await gateway.fetch('/', { method: 'POST', body, duplex: 'half' } as RequestInit)
  assert.equal(answer.status, 413)
  assert.equal(await answer.text(), 'too much')
  assert.equal((await gateway.fetch('/', { method: 'POST', body: 'fine' })).status, 200)
})
