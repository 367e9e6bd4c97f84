import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { openStatusListener, type StatusSource } from './status-listener.ts'

const quiet: StatusSource = {
  metrics: async () => 'kong_nginx_requests_total 7\n',
  connections: async () => ({ accepted: 5, active: 3, inFlight: 2, requests: 7 }),
  configurationHash: () => 'a'.repeat(32),
  unready: () => null,
}

const open = async (source: Partial<StatusSource> = {}) => {
  const listener = await openStatusListener(0, { ...quiet, ...source })
  const url = `http://127.0.0.1:${listener.address.port}`
  return {
    ask: async (path: string, method = 'GET') => {
      const answer = await fetch(url + path, { method })
      return { status: answer.status, headers: answer.headers, text: await answer.text() }
    },
    [Symbol.asyncDispose]: listener.close,
  }
}

test('/status is as Kong says it', async () => {
  await using status = await open()
  const { text } = await status.ask('/status')
  const { memory, ...rest } = JSON.parse(text) as { memory: { workers_lua_vms: [object] } }
  assert.deepEqual(rest, {
    server: {
      connections_accepted: 5,
      connections_active: 3,
      connections_handled: 5,
      connections_reading: 0,
      connections_waiting: 1,
      connections_writing: 2,
      total_requests: 7,
    },
    database: { reachable: true },
    configuration_hash: 'a'.repeat(32),
  })
  assert.deepEqual(Object.keys(memory.workers_lua_vms[0]), ['http_allocated_gc', 'pid'])
})

test('/status/ready says whether requests should come here, and why not', async () => {
  let reason: string | null = null
  await using status = await open({ unready: () => reason })
  const ready = await status.ask('/status/ready')
  assert.deepEqual([ready.status, ready.text], [200, '{"message":"ready"}'])
  reason = 'the gateway ends'
  const ending = await status.ask('/status/ready')
  assert.deepEqual([ending.status, ending.text], [503, '{"message":"the gateway ends"}'])
})

test('/metrics is text for Prometheus', async () => {
  await using status = await open()
  const { headers, text } = await status.ask('/metrics?name=x')
  assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  assert.equal(text, 'kong_nginx_requests_total 7\n')
  assert.equal((await status.ask('/metrics', 'HEAD')).text, '')
})

const refused: [method: string, path: string, status: number][] = [
  ['GET', '/', 404],
  ['GET', '/statuses', 404],
  ['POST', '/status', 405],
]
for (const [method, path, status] of refused) {
  test(`${method} ${path} is answered ${status}`, async () => {
    await using listener = await open()
    assert.equal((await listener.ask(path, method)).status, status)
  })
}

test('a gateway that cannot say is 503, with the reason', async () => {
  await using status = await open({ metrics: () => Promise.reject(new Error('a worker is gone')) })
  const { status: code, text } = await status.ask('/metrics')
  assert.deepEqual([code, text], [503, '{"message":"a worker is gone"}'])
})

test('a port in use is told', async () => {
  await using other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  await assert.rejects(openStatusListener(port, quiet), {
    code: 'port_taken',
    message: new RegExp(`status port ${port} cannot be used: .*EADDRINUSE`),
  })
})
