import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'

import {
  endpoint,
  freePort,
  route,
  snapshotOf,
  startOrigin,
  startProxy,
  startRawOrigin,
  until,
} from './testing.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const post = (url: string, body = 'x') => fetch(url, { method: 'POST', body })
const codeOf = async (response: Response): Promise<string> =>
  String(((await response.json()) as Record<string, unknown>)['code'])

test('an instance that refuses connections is passed over, for every method', async () => {
  await using alive = await startOrigin((request, response) => request.pipe(response))
  const dead = await freePort()
  await using gateway = await startProxy(
    snapshotOf([endpoint('dead', dead), endpoint('alive', alive.port)]),
  )
  for (let round = 0; round < 8; round += 1) {
    const response = await post(gateway.url, 'hello')
    assert.equal(await response.text(), 'hello')
    assert.equal(response.headers.get('x-keelson-instance'), 'alive')
  }
  // Ejected: not every second request tries the dead one first.
  const metrics = gateway.proxy.metrics()
  const failures = /connect_failures_total\{[^}]*service="shop\/app"[^}]*\} (\d+)/.exec(
    metrics,
  )?.[1]
  assert.ok(Number(failures) >= 1 && Number(failures) < 4, `failures ${failures}`)
})

test('nobody accepts connections: 503, and service again as soon as somebody does', async () => {
  const port = await freePort()
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', port)]))
  const refused = await fetch(gateway.url)
  assert.equal(refused.status, 503)
  assert.equal(await codeOf(refused), 'gateway_no_upstream')
  await using origin = await startOrigin((_request, response) => response.end('back'), port)
  assert.equal(origin.port, port)
  assert.equal(await (await fetch(gateway.url)).text(), 'back')
})

test('a service without instances: 503', async () => {
  await using gateway = await startProxy(snapshotOf([]))
  assert.equal((await fetch(gateway.url)).status, 503)
})

test('an idle connection closed exactly when it is used again: GET is sent again', async () => {
  // Each connection answers once; the second request on it is answered by a reset.
  await using origin = await startRawOrigin((socket) => {
    let requests = 0
    socket.on('data', () => {
      requests += 1
      if (requests === 1) socket.write(OK)
      else socket.resetAndDestroy()
    })
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  for (let round = 0; round < 10; round += 1) {
    const response = await fetch(gateway.url)
    assert.equal(`${response.status} ${await response.text()}`, '200 ok')
  }
})

test('a small PUT is sent again with its body, a POST never', async () => {
  const bodies: string[] = []
  await using flaky = await startRawOrigin((socket) => {
    socket.once('data', (bytes) => {
      bodies.push(bytes.toString())
      socket.resetAndDestroy()
    })
  })
  await using sound = await startOrigin((request, response) => request.pipe(response))
  await using gateway = await startProxy(
    snapshotOf([endpoint('flaky', flaky.port), endpoint('sound', sound.port)]),
  )
  const puts = await Promise.all(
    Array.from({ length: 4 }, () => fetch(gateway.url, { method: 'PUT', body: 'payload' })),
  )
  for (const put of puts) assert.equal(await put.text(), 'payload')
  assert.equal(flaky.connections(), 2)
  assert.match(bodies[0] ?? '', /payload/)

  const statuses = []
  for (let round = 0; round < 4; round += 1) statuses.push((await post(gateway.url)).status)
  assert.deepEqual(
    statuses.sort((a, b) => a - b),
    [200, 200, 502, 502],
  )
  assert.equal(flaky.connections(), 4)
})

test('a response that has begun is never sent again; the client sees that it broke off', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart', () => {
        setTimeout(() => socket.resetAndDestroy(), 20)
      })
    })
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const response = await fetch(gateway.url)
  assert.equal(response.status, 200)
  await assert.rejects(response.text())
  assert.equal(origin.connections(), 1)
})

test('a body that ends with its connection arrives whole; one cut short does not pass as whole', async () => {
  const heads = [
    'HTTP/1.0 200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n',
  ]
  await using origin = await startRawOrigin((socket, count) => {
    socket.once('data', () => {
      socket.write(heads[count - 1] ?? '')
      setTimeout(() => socket.end('the body'), 20)
    })
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  assert.equal(await (await fetch(gateway.url)).text(), 'the body')
  await assert.rejects((await fetch(gateway.url)).text())
})

test('an answer that is not HTTP: 502', async () => {
  await using origin = await startRawOrigin((socket) =>
    socket.once('data', () => socket.end('?\r\n\r\n')),
  )
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const response = await fetch(gateway.url)
  assert.equal(response.status, 502)
  assert.equal(await codeOf(response), 'gateway_upstream_failed')
})

test('an instance that hangs: 504 after the timeout of the route, and no retry', async () => {
  await using origin = await startRawOrigin(() => {})
  await using gateway = await startProxy(
    snapshotOf([endpoint('app-1', origin.port)], {
      routes: [route('shop/app', '/', { timeoutMs: 150 })],
    }),
  )
  const response = await fetch(gateway.url)
  assert.equal(response.status, 504)
  assert.equal(await codeOf(response), 'gateway_upstream_timeout')
  assert.equal(origin.connections(), 1)
  await until(() => origin.open() === 0, 'the hanging connection to be closed')
})

test('an upload longer than the timeout of the route is fine as long as it moves', async () => {
  await using origin = await startOrigin((request, response) => request.pipe(response))
  await using gateway = await startProxy(
    snapshotOf([endpoint('app-1', origin.port)], {
      routes: [route('shop/app', '/', { timeoutMs: 300 })],
    }),
  )
  const request = httpRequest(gateway.url, { method: 'POST' })
  const answered = once(request, 'response') as Promise<[IncomingMessage]>
  for (let piece = 0; piece < 8; piece += 1) {
    request.write('x'.repeat(10))
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  request.end()
  const [response] = await answered
  assert.equal(Buffer.concat(await response.toArray()).length, 80)
})

test('a client that leaves ends the request at the instance', async () => {
  await using origin = await startRawOrigin(() => {})
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const controller = new AbortController()
  const answer = fetch(gateway.url, { signal: controller.signal })
  await until(() => origin.open() === 1, 'the request to arrive')
  controller.abort()
  await assert.rejects(answer)
  await until(() => origin.open() === 0, 'the connection to be closed')
  assert.match(gateway.proxy.metrics(), /aborted_requests_total\{[^}]*shop\/app[^}]*\} 1\n/)
  assert.match(gateway.proxy.metrics(), /in_flight\{[^}]*shop\/app[^}]*\} 0\n/)
})

test('an early answer to an upload comes through', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig')
    })
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const request = httpRequest(gateway.url, { method: 'POST' })
  request.on('error', () => {})
  request.write('x'.repeat(100_000))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  assert.equal(response.statusCode, 413)
  assert.equal(Buffer.concat(await response.toArray()).toString(), 'big')
  request.destroy()
  await until(() => origin.open() === 0, 'the half-used connection to be closed')
})

const mebibyte = 1024 * 1024
test('a huge download to a slow client is held back at the instance', async () => {
  let written = 0
  await using origin = await startOrigin((_request, response) => {
    const piece = Buffer.alloc(256 * 1024)
    const more = () => {
      while (written < 512 * mebibyte) {
        written += piece.length
        if (!response.write(piece)) return void response.once('drain', more)
      }
      response.end()
    }
    more()
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const socket = connect(gateway.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await once(socket, 'readable')
  await settled(() => written)
  assert.ok(
    written < 64 * mebibyte,
    `the instance wrote ${written} bytes to a client that reads none`,
  )
  socket.destroy()
})

test('a huge upload to a slow instance is held back at the client, and arrives whole', async () => {
  let received = 0
  let go: () => void = () => {}
  await using origin = await startOrigin((request, response) => {
    request.pause()
    go = () => {
      request.on('data', (bytes: Buffer) => (received += bytes.length))
      request.on('end', () => response.end(String(received)))
      request.resume()
    }
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const size = 128 * mebibyte
  const request = httpRequest(gateway.url, { method: 'PUT', headers: { 'content-length': size } })
  const answered = once(request, 'response') as Promise<[IncomingMessage]>
  let sent = 0
  const piece = Buffer.alloc(256 * 1024)
  const more = () => {
    while (sent < size) {
      sent += piece.length
      if (!request.write(piece)) return void request.once('drain', more)
    }
    request.end()
  }
  more()
  await settled(() => sent)
  assert.ok(
    sent < 64 * mebibyte,
    `the client could send ${sent} bytes to an instance that reads none`,
  )
  go()
  const [response] = await answered
  assert.equal(Buffer.concat(await response.toArray()).toString(), String(size))
})

/** Waits until a figure stops growing. */
const settled = async (figure: () => number): Promise<void> => {
  let last = -1
  let still = 0
  while (still < 20) {
    still = figure() === last ? still + 1 : 0
    last = figure()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

test('instances killed one after the other under load cost no GET', async () => {
  const answer = (name: string) => () => startOrigin((_request, response) => response.end(name))
  const origins = await Promise.all(['a', 'b', 'c'].map((name) => answer(name)()))
  await using gateway = await startProxy(
    snapshotOf(origins.map((origin, index) => endpoint(`app-${index}`, origin.port))),
  )
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  let stop = false
  const statuses = new Map<number, number>()
  const client = async () => {
    while (!stop) {
      const request = httpRequest(gateway.url, { agent }).end()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      response.resume()
      await once(response, 'end')
      const status = response.statusCode ?? 0
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  const clients = Array.from({ length: 16 }, client)
  const total = () => [...statuses.values()].reduce((sum, count) => sum + count, 0)
  for (const origin of origins.slice(0, 2)) {
    const before = total()
    await until(() => total() > before + 300, 'traffic')
    await origin.kill()
  }
  const before = total()
  await until(() => total() > before + 300, 'traffic')
  stop = true
  await Promise.all(clients)
  agent.destroy()
  await origins[2]?.kill()
  assert.deepEqual([...statuses.keys()], [200])
})

test('close lets what is under way finish, then ends the rest', async () => {
  let finish: (() => void) | undefined
  await using origin = await startOrigin((request, response) => {
    if (request.url === '/slow') finish = () => response.end('done')
  })
  const gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const slow = fetch(`${gateway.url}/slow`)
  const never = fetch(`${gateway.url}/never`)
  never.catch(() => {})
  await until(() => / 2\n/.test(inFlight(gateway.proxy.metrics())), 'both requests')
  await until(() => finish !== undefined, 'the slow request at the instance')
  const closed = gateway.proxy.close(1000)
  finish?.()
  assert.equal(await (await slow).text(), 'done')
  await assert.rejects(never)
  await closed
  await assert.rejects(fetch(gateway.url))
})
const inFlight = (metrics: string): string =>
  /requests_in_flight\{[^}]*shop\/app[^}]*\} \d+\n/.exec(metrics)?.[0] ?? ''
