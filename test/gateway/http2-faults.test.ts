import assert from 'node:assert/strict'
import { connect, constants, type ClientHttp2Session } from 'node:http2'
import { test } from 'node:test'
import { systemClock, type Clock } from '../../packages/server/src/kernel/clock.ts'
import { createManualClock } from '../../packages/server/src/kernel/testing/clock.ts'
import { createTestAuthority } from '../../packages/server/src/gateway/proxy/balance/testing-tls.ts'
import { startRawOrigin } from '../../packages/server/src/gateway/proxy/testing.ts'
import {
  openGateway,
  startOrigin,
  until,
  type TestGateway,
} from '../../packages/server/src/gateway/testing/gateway.ts'
import { certificateFor, configOf } from './kong-file.ts'

const more = certificateFor(createTestAuthority().leaf('shop.test'))
const plugins = [
  { name: 'request-size-limiting', config: { allowed_payload_size: 1, size_unit: 'kilobytes' } },
]
const open = (port: number, parts: object = {}, clock: Clock = systemClock) =>
  openGateway({ config: configOf(port, { ...parts, more }), clock, tls: {} })

const sessions = {
  'without TLS': (gateway: TestGateway) => connect(gateway.url),
  'over TLS': (gateway: TestGateway) =>
    connect(`https://127.0.0.1:${gateway.tlsPort}`, { rejectUnauthorized: false }),
} as const
const ways = Object.entries(sessions)

type Asked = { headers?: Record<string, string>; body?: string; ends?: boolean }

/** A status of 0 when the stream was reset before one; `whole` when the answer came to its end. */
const ask = async (session: ClientHttp2Session, { headers, body = '', ends = true }: Asked) => {
  const method = body === '' && ends ? 'GET' : 'POST'
  const fields = { ':method': method, ':path': '/', ...headers }
  const stream = session.request(fields, { endStream: method === 'GET' })
  let status = 0
  stream.on('error', () => {})
  stream.on('response', (fields) => (status = Number(fields[':status'])))
  stream.resume()
  if (method === 'POST') stream.write(body)
  if (method === 'POST' && ends) stream.end()
  // Not `once`, which rejects when the stream is reset. Node ends a stream that is.
  await new Promise((resolve) => stream.once('end', resolve).once('close', resolve))
  return { status, whole: stream.rstCode === constants.NGHTTP2_NO_ERROR }
}

const refused: readonly { why: string; asked: Asked; statuses: readonly number[] }[] = [
  {
    why: 'one field past 32 KiB',
    asked: { headers: { a: 'b'.repeat(64 * 1024) } },
    statuses: [0, 431],
  },
  {
    why: '257 fields',
    asked: {
      headers: Object.fromEntries(Array.from({ length: 257 }, (_, at) => [`a${at}`, 'b'])),
    },
    statuses: [0, 431],
  },
  {
    why: 'a URL past 32 KiB',
    asked: { headers: { ':path': `/${'a'.repeat(64 * 1024)}` } },
    statuses: [0, 431],
  },
  {
    why: 'a body that is declared too large',
    asked: { headers: { 'content-length': '2000' }, ends: false },
    statuses: [413],
  },
  {
    why: 'a body that becomes too large',
    asked: { body: 'x'.repeat(4096), ends: false },
    statuses: [413],
  },
]
for (const [way, connectTo] of ways) {
  test(`HTTP/2 ${way}: what is too large is refused, the service sees no whole request, others are served`, async () => {
    let whole = 0
    await using origin = await startOrigin((request, response) => {
      request.on('error', () => {})
      request.resume().on('end', () => {
        whole += 1
        response.end()
      })
    })
    await using gateway = await open(origin.port, { plugins })
    for (const { why, asked, statuses } of refused) {
      const session = connectTo(gateway)
      session.on('error', () => {})
      const { status } = await ask(session, asked)
      assert.ok(statuses.includes(status), `${why}: ${status}`)
      assert.equal(whole, 0, why)
      session.destroy()
    }
    const session = connectTo(gateway)
    assert.deepEqual(await ask(session, {}), { status: 200, whole: true })
    session.destroy()
  })

  test(`HTTP/2 ${way}: a body that stalls is given up with 408, and its session goes on`, async () => {
    const clock = createManualClock()
    await using origin = await startRawOrigin((socket) => {
      socket.on('data', (bytes) => {
        if (bytes.toString().startsWith('GET')) socket.write('HTTP/1.1 200 OK\r\n\r\n')
      })
    })
    await using gateway = await open(origin.port, {}, clock)
    const session = connectTo(gateway)
    const stalled = ask(session, { body: 'half', ends: false })
    await until(() => origin.connections() === 1, 'the service to be asked')
    let given: Awaited<typeof stalled> | undefined
    void stalled.then((answer) => (given = answer))
    await until(() => {
      clock.advance(1_000)
      return given !== undefined
    }, 'the end of the stream')
    assert.equal(given?.status, 408)
    await until(() => origin.open() === 0, 'the service to be rid of it')
    session.destroy()
  })
}

const ok = 'HTTP/1.1 200 OK\r\n'
/** What a service says before it ends the connection, and what becomes of it. */
const faults: readonly { why: string; said: string; status: number; whole: boolean }[] = [
  { why: 'ends without a word', said: '', status: 502, whole: true },
  { why: 'ends in its head', said: `${ok}X: y`, status: 502, whole: true },
  { why: 'speaks no HTTP', said: 'SSH-2.0-OpenSSH_9.6\r\n\r\n', status: 502, whole: true },
  {
    why: 'has two lengths',
    said: `${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
    status: 502,
    whole: true,
  },
  {
    why: 'sends less than it told',
    said: `${ok}Content-Length: 9\r\n\r\nhalf`,
    status: 200,
    whole: false,
  },
  {
    why: 'ends in a chunk',
    said: `${ok}Transfer-Encoding: chunked\r\n\r\n9\r\nhalf`,
    status: 200,
    whole: false,
  },
  {
    why: 'sends more than it told',
    said: `${ok}Content-Length: 4\r\n\r\nwhole, and more`,
    status: 200,
    whole: true,
  },
]
for (const [way, connectTo] of ways) {
  test(`HTTP/2 ${way}: of a service that fails a client can tell, and its session goes on`, async () => {
    let said = ''
    await using origin = await startRawOrigin((socket) => {
      socket.once('data', () => socket.end(said))
    })
    await using gateway = await open(origin.port, { service: { retries: 0 } })
    const session = connectTo(gateway)
    for (const fault of faults) {
      said = fault.said
      const { status, whole } = await ask(session, {})
      assert.deepEqual({ status, whole }, { status: fault.status, whole: fault.whole }, fault.why)
    }
    session.destroy()
  })
}
