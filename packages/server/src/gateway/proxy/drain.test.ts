import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
} from 'node:http'
import type { Socket } from 'node:net'
import { test } from 'node:test'

import { WebSocket, WebSocketServer } from 'ws'

import { endpoint, snapshotOf, startOrigin, startProxy, startRawOrigin, until } from './testing.ts'

/** Answers its name; `/hold` when `release` is called, `/feed` as an event stream until then. */
const startNamed = async (name: string) => {
  const held: (() => void)[] = []
  const connections = new Set<Socket>()
  const origin = await startOrigin((request, response) => {
    request.resume()
    if (request.url === '/feed') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n')
    }
    if (request.url === '/hold' || request.url === '/feed') held.push(() => response.end(name))
    else response.end(name)
  })
  origin.server.on('connection', (socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
  })
  return { ...origin, held, connections, release: () => held.splice(0).forEach((end) => end()) }
}

const names = async (url: string, count = 6): Promise<string[]> => {
  const answers = Array.from({ length: count }, async () => (await fetch(url)).text())
  return [...new Set(await Promise.all(answers))].sort()
}

test('new requests go elsewhere, those under way and streams run to their end', async () => {
  await using old = await startNamed('old')
  await using next = await startNamed('next')
  const drains = (draining: boolean) =>
    snapshotOf([endpoint('old', old.port, { draining }), endpoint('next', next.port)])
  await using gateway = await startProxy(snapshotOf([endpoint('old', old.port)]))
  let quiet = 0
  gateway.proxy.onQuiet(() => (quiet += 1))
  const held = ['/hold', '/feed'].map((path) => fetch(`${gateway.url}${path}`))
  assert.deepEqual(await names(gateway.url), ['old'])
  await until(() => old.held.length === 2, 'both to arrive')
  assert.equal(gateway.proxy.isDraining(), false)

  await gateway.proxy.apply(drains(true))
  assert.deepEqual(await names(gateway.url), ['next'])
  assert.deepEqual(gateway.proxy.inFlight(), { old: 2 })
  assert.equal(gateway.proxy.isDraining(), true)
  await until(() => old.connections.size === 2, 'idle connections to be closed')
  assert.equal(quiet, 0)

  old.release()
  const texts = await Promise.all(held.map(async (answer) => (await answer).text()))
  assert.deepEqual(texts, ['old', 'data: one\n\nold'])
  assert.equal(quiet, 1)
  assert.deepEqual(gateway.proxy.inFlight(), {})
  await until(() => old.connections.size === 0, 'no connection to be kept for later')

  await gateway.proxy.apply(drains(false))
  assert.deepEqual(await names(gateway.url), ['next', 'old'], 'and back')
})

test('a WebSocket survives the draining of its instance, and counts until it is closed', async () => {
  const start = async (name: string) => {
    const server = createServer()
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket) =>
      socket.on('message', (data: Buffer) => socket.send(`${name}: ${data.toString()}`)),
    )
    const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    return { port, [Symbol.asyncDispose]: close }
  }
  const say = async (socket: WebSocket, text: string): Promise<string> => {
    socket.send(text)
    const [data] = (await once(socket, 'message')) as [Buffer]
    return data.toString()
  }
  await using old = await start('old')
  await using next = await start('next')
  await using gateway = await startProxy(snapshotOf([endpoint('old', old.port)]))
  const open = async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/`)
    await once(socket, 'open')
    return socket
  }
  const first = await open()
  await gateway.proxy.apply(
    snapshotOf([endpoint('old', old.port, { draining: true }), endpoint('next', next.port)]),
  )
  const second = await open()
  assert.equal(await say(first, 'hello'), 'old: hello')
  assert.equal(await say(second, 'hello'), 'next: hello')
  assert.deepEqual(gateway.proxy.inFlight(), { old: 1, next: 1 })
  // Gone from the snapshot, and still under way.
  await gateway.proxy.apply(snapshotOf([endpoint('next', next.port)]))
  assert.equal(await say(first, 'still'), 'old: still')
  assert.deepEqual(gateway.proxy.inFlight(), { old: 1, next: 1 })
  first.close()
  await until(() => !gateway.proxy.isDraining(), 'the first to be over')
  assert.deepEqual(gateway.proxy.inFlight(), { next: 1 })
  second.terminate()
  await until(() => Object.keys(gateway.proxy.inFlight()).length === 0, 'the second to be over')
})

test('who is asked: the staying, else the draining, else the unhealthy; nobody is refused', async () => {
  await using a = await startNamed('a')
  await using b = await startNamed('b')
  await using gateway = await startProxy(snapshotOf([]))
  const draining = { draining: true }
  const unhealthy = { healthy: false }
  const cases: [why: string, a: object, b: object, asked: string[]][] = [
    ['all drain', draining, draining, ['a', 'b']],
    ['the newcomer is not healthy yet', draining, unhealthy, ['a']],
    ['the newcomer is healthy', draining, {}, ['b']],
    ['nobody is healthy', { ...draining, ...unhealthy }, unhealthy, ['a', 'b']],
  ]
  for (const [why, ofA, ofB, asked] of cases) {
    await gateway.proxy.apply(snapshotOf([endpoint('a', a.port, ofA), endpoint('b', b.port, ofB)]))
    assert.deepEqual(await names(gateway.url), asked, why)
  }
  // Its connections are kept for reuse when it cannot be spared.
  await gateway.proxy.apply(snapshotOf([endpoint('a', a.port, draining)]))
  const before = a.connections.size
  for (let round = 0; round < 5; round += 1) await (await fetch(gateway.url)).text()
  assert.ok(a.connections.size <= Math.max(1, before), `${a.connections.size} connections`)
})

test('the one that drains is asked again when the others refuse', async () => {
  await using old = await startNamed('old')
  const next = await startNamed('next')
  await using gateway = await startProxy(
    snapshotOf([endpoint('old', old.port, { draining: true }), endpoint('next', next.port)]),
  )
  assert.deepEqual(await names(gateway.url), ['next'])
  await next.kill()
  assert.deepEqual(await names(gateway.url), ['old'])
})

test('a slow upload goes where the newest snapshot says when it is complete', async () => {
  const old = await startNamed('old')
  await using next = await startNamed('next')
  await using gateway = await startProxy(snapshotOf([endpoint('old', old.port)]))
  const request = httpRequest(gateway.url, { method: 'POST', headers: { 'content-length': 4 } })
  const answered = once(request, 'response') as Promise<[IncomingMessage]>
  request.write('ab')
  await until(() => /in_flight\{[^}]*shop\/app[^}]*\} 1\n/.test(gateway.proxy.metrics()), 'it')
  await gateway.proxy.apply(
    snapshotOf([endpoint('old', old.port, { draining: true }), endpoint('next', next.port)]),
  )
  assert.equal(gateway.proxy.isDraining(), false, 'the old one has nothing of it')
  await old.kill()
  request.end('cd')
  const [response] = await answered
  assert.equal(Buffer.concat(await response.toArray()).toString(), 'next')
})

test('an idle connection that closes in use costs no GET while the other one drains and stops', async () => {
  const old = await startNamed('old')
  // Each connection answers once; the second request on it finds it closed.
  await using next = await startRawOrigin((socket) => {
    let requests = 0
    socket.on('data', () => {
      requests += 1
      if (requests === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext')
      else socket.resetAndDestroy()
    })
  })
  await using gateway = await startProxy(
    snapshotOf([endpoint('old', old.port, { draining: true }), endpoint('next', next.port)]),
  )
  await old.kill()
  for (let round = 0; round < 10; round += 1) {
    const response = await fetch(gateway.url)
    assert.equal(`${response.status} ${await response.text()}`, '200 next')
  }
})

test('three instances are replaced under load, each drained and then closed: no request fails', async () => {
  const start = (name: string) =>
    startOrigin((request, response) => {
      request.resume()
      request.on('end', () => {
        if (request.url === '/slow') setTimeout(() => response.end(name), 15)
        else response.end(name)
      })
    })
  /** As a server that got SIGTERM: no new connection, idle ones end, answers are finished. */
  const stop = async (server: Server): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    server.closeIdleConnections()
    await closed
  }
  type Running = { name: string; origin: Awaited<ReturnType<typeof start>>; draining: boolean }
  let running: Running[] = []
  let stopped = false
  await using cleaning = new AsyncDisposableStack()
  cleaning.defer(() => Promise.all(running.map(({ origin }) => origin.kill())).then(() => {}))
  for (const name of ['a-1', 'a-2', 'a-3']) {
    running.push({ name, origin: await start(name), draining: false })
  }
  const endpoints = () =>
    running.map(({ name, origin, draining }) => endpoint(name, origin.port, { draining }))
  await using gateway = await startProxy(snapshotOf(endpoints()))
  const agent = new Agent({ keepAlive: true, maxSockets: 24 })
  cleaning.defer(() => agent.destroy())
  const failures: string[] = []
  let answered = 0
  const client = async (method: string, path: string) => {
    while (!stopped) {
      try {
        const request = httpRequest(`${gateway.url}${path}`, { agent, method })
        request.end(method === 'POST' ? 'body' : undefined)
        const [response] = (await once(request, 'response')) as [IncomingMessage]
        const text = Buffer.concat(await response.toArray()).toString()
        if (response.statusCode !== 200) failures.push(`${method} ${path}: ${text}`)
      } catch (error) {
        failures.push(`${method} ${path}: ${String(error)}`)
      }
      answered += 1
    }
  }
  const clients = ['/quick', '/slow'].flatMap((path) =>
    ['GET', 'GET', 'POST', 'POST', 'PUT'].map((method) => client(method, path)),
  )
  cleaning.defer(async () => {
    stopped = true
    await Promise.all(clients)
  })
  const requests = (count: number) => {
    const wanted = answered + count
    return until(() => answered >= wanted, `${count} requests`)
  }

  for (let round = 0; round < 9; round += 1) {
    await requests(200)
    const [old, ...others] = running
    assert.ok(old !== undefined)
    const name = `b-${round}`
    running = [...others, { name, origin: await start(name), draining: false }, old]
    await gateway.proxy.apply(snapshotOf(endpoints()))
    old.draining = true
    await gateway.proxy.apply(snapshotOf(endpoints()))
    await until(() => gateway.proxy.inFlight()[old.name] === undefined, `${old.name} to drain`)
    // Still in the snapshot while it stops, as in life.
    await stop(old.origin.server)
    await requests(50)
    running = running.filter((one) => one !== old)
    await gateway.proxy.apply(snapshotOf(endpoints()))
  }
  await cleaning.disposeAsync()
  assert.deepEqual(failures, [])
  assert.ok(answered >= 2250, `${answered} requests`)
})
