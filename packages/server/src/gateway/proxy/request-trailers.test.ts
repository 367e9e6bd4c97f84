import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttp1Server, type IncomingMessage } from 'node:http'
import { connect, createServer, type ServerHttp2Stream } from 'node:http2'
import { connect as connectTcp, type AddressInfo, type Server } from 'node:net'
import { test } from 'node:test'

import { data, headers, post } from '../conformance/http2/cases.ts'
import { endHeaders, frame, preface, settings, types, uint32 } from '../conformance/http2/frames.ts'
import { openGateway, until } from '../testing/gateway.ts'

/** What a service saw of a request that came to its end. */
type Seen = { body: string; trailers: Record<string, unknown> }

const listen = async (server: Server) => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A service over HTTP/2 without TLS, as gRPC has it: answers with trailers. */
const startHttp2 = async () => {
  const seen: Seen[] = []
  const server = createServer()
  let begun = 0
  let brokenOff = 0
  server.on('stream', (stream: ServerHttp2Stream) => {
    let trailers = {}
    let body = ''
    begun += 1
    stream.setEncoding('utf8')
    stream.on('aborted', () => (brokenOff += 1))
    stream.on('error', () => {})
    stream.on('trailers', (fields) => (trailers = Object.fromEntries(Object.entries(fields))))
    stream.on('data', (piece: string) => (body += piece))
    stream.on('end', () => {
      if (stream.aborted) return
      seen.push({ body, trailers })
      const head = { ':status': 200, 'content-type': 'application/grpc' }
      stream.respond(head, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-seen': body }))
      stream.end(`echo ${body}`)
    })
  })
  const port = await listen(server)
  return {
    ...{ seen, begun: () => begun, brokenOff: () => brokenOff, url: `grpc://127.0.0.1:${port}` },
    [Symbol.asyncDispose]: async () => void (await new Promise((done) => server.close(done))),
  }
}

const startHttp1 = async () => {
  const seen: Seen[] = []
  let begun = 0
  let brokenOff = 0
  const server = createHttp1Server((request: IncomingMessage, response) => {
    let body = ''
    begun += 1
    request.setEncoding('utf8')
    request.on('error', () => (brokenOff += 1))
    request.on('data', (piece: string) => (body += piece))
    request.on('end', () => {
      seen.push({ body, trailers: { ...request.trailers } })
      response.end(`echo ${body}`)
    })
  })
  const port = await listen(server)
  return {
    ...{ seen, begun: () => begun, brokenOff: () => brokenOff, url: `http://127.0.0.1:${port}` },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

const open = (url: string, { protocol = 'http', plugins = '[]' } = {}) =>
  openGateway({
    config: `
_format_version: "3.0"
services:
  - name: app
    url: ${url}
    plugins: ${plugins}
    routes: [{ name: app, paths: ["/"], protocols: [${protocol}], strip_path: false }]
`,
  })

const call = async (
  port: number,
  { headers = {}, trailers = {} }: { headers?: object; trailers?: Record<string, string> },
) => {
  const session = connect(`http://127.0.0.1:${port}`)
  const fields = { ':method': 'POST', ':path': '/shop.Cart/Add', ...headers }
  const stream = session.request(fields, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  let status: unknown
  let answered: Record<string, unknown> = {}
  stream.on('response', (fields) => (status = fields[':status']))
  stream.on('trailers', (fields) => (answered = Object.fromEntries(Object.entries(fields))))
  stream.setEncoding('utf8')
  stream.write('mess')
  stream.end('age')
  const body = (await stream.toArray()).join('')
  session.close()
  return { status, body, trailers: answered }
}

const grpc = { 'content-type': 'application/grpc', te: 'trailers' }
const sum = { 'x-sum': '42' }

for (const [why, plugins] of [
  ['without plugins', '[]'],
  ['through plugins', '[{ name: correlation-id }, { name: request-size-limiting }]'],
] as const) {
  test(`gRPC ${why}: trailers pass both ways, behind the messages`, async () => {
    await using service = await startHttp2()
    await using gateway = await open(service.url, { protocol: 'grpc', plugins })
    assert.deepEqual(await call(gateway.port, { headers: grpc, trailers: sum }), {
      ...{ status: 200, body: 'echo message' },
      trailers: { 'grpc-status': '0', 'x-seen': 'message' },
    })
    assert.deepEqual(service.seen, [{ body: 'message', trailers: sum }])
  })
}

test('a declared length changes nothing over HTTP/2, also when it is small', async () => {
  await using service = await startHttp2()
  await using gateway = await open(service.url)
  const headers = { 'content-length': '7', trailer: 'x-sum' }
  assert.equal((await call(gateway.port, { headers, trailers: sum })).status, 200)
  assert.deepEqual(service.seen, [{ body: 'message', trailers: sum }])
})

test('a service over HTTP/1.1 gets them behind its chunks, from who speaks of trailers', async () => {
  await using service = await startHttp1()
  await using gateway = await open(service.url)
  await call(gateway.port, { headers: { te: 'trailers' }, trailers: sum })
  await call(gateway.port, { trailers: sum })
  const chunked = (more: string) =>
    `POST / HTTP/1.1\r\nHost: h\r\nConnection: close, te\r\n${more}Transfer-Encoding: chunked\r\n\r\n7\r\nmessage\r\n0\r\nX-Sum: 42\r\n\r\n`
  await gateway.raw(chunked('TE: trailers\r\n'))
  await gateway.raw(chunked(''))
  assert.deepEqual(
    service.seen.map(({ trailers }) => trailers),
    [sum, {}, sum, {}],
  )
})

test('no trailer says who asks, for whom, or how the request is to be read', async () => {
  await using service = await startHttp2()
  await using gateway = await open(service.url)
  const trailers = {
    ...{ authorization: 'Basic YTpi', cookie: 'a=b', 'content-type': 'text/html' },
    ...{ 'x-consumer-username': 'root', x_consumer_id: '1', 'x-forwarded-for': '10.0.0.1' },
    ...{ 'x-keelson-instance': 'x', 'x-real-ip': '10.0.0.1', 'if-match': '*', 'x-token': 'forged' },
  }
  await call(gateway.port, { headers: { ...grpc, 'x-token': 'true' }, trailers })
  assert.deepEqual(service.seen, [{ body: 'message', trailers: {} }])
})

/** Frames as they are: a client of Node ends what it resets. */
const broken = [
  { why: 'is reset', last: frame(types.rstStream, 0, 1, uint32(8)) },
  { why: 'is reset without an error', last: frame(types.rstStream, 0, 1, uint32(0)) },
  { why: 'is left with its connection', last: null },
]
for (const { why, last } of broken) {
  test(`an upload over HTTP/2 that ${why} is no whole request for any service`, async () => {
    for (const start of [startHttp1, startHttp2]) {
      await using service = await start()
      await using gateway = await open(service.url)
      const socket = connectTcp(gateway.port, '127.0.0.1')
      socket.on('error', () => {})
      const upload = [headers(1, post, endHeaders), data(1, 'half')]
      socket.write(Buffer.concat([preface, settings(), ...upload]))
      await until(() => service.begun() === 1, 'the service to be asked')
      if (last === null) socket.destroy()
      else socket.write(last)
      await until(() => service.brokenOff() === 1, 'the service to hear of it')
      assert.deepEqual(service.seen, [])
      socket.destroy()
    }
  })
}
