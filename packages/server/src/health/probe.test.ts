import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net'
import { test } from 'node:test'
import type { BoundPort, ProbeSpec } from '@keelson/contract'
import { probeTiming } from '../orchestrator/testing/spec.ts'
import { portOf, runProbe, type ExecProbe, type ProbeResult } from './probe.ts'

const noExec: ExecProbe = () => Promise.reject(new Error('the instance does not run'))
const boundTo = (port: number): BoundPort => ({
  target: 80,
  host: '127.0.0.1',
  port,
  protocol: 'tcp',
})

/** Listens on a free port for the time of `use`. */
const serving = async <T>(server: Server, use: (port: number) => Promise<T>): Promise<T> => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await use((server.address() as AddressInfo).port)
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  }
}

const ask = (probe: ProbeSpec, port: number, exec = noExec): Promise<ProbeResult> =>
  runProbe(probe, { instance: 'shop-api-1', ports: [boundTo(port)] }, exec)

const http = (more: { status?: number; timeoutMs?: number } = {}): ProbeSpec => ({
  kind: 'http',
  path: '/health',
  ...probeTiming,
  ...more,
})
const tcp: ProbeSpec = { kind: 'tcp', ...probeTiming }

const answer =
  (code: number, body = '', headers = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(code, headers).end(body)

const never: RequestListener = () => undefined
const drip: RequestListener = (_request, response) => void response.writeHead(200).write('a')
const reset: RequestListener = ({ socket }) => void socket.resetAndDestroy()
const half: RequestListener = (_request, response) => {
  response.writeHead(500, { 'content-length': '100' }).write('{"reason"')
  setImmediate(() => response.destroy())
}
const large = 'x'.repeat(5_000_000)

const cases: [name: string, RequestListener, ProbeSpec, ok: boolean, reason: RegExp][] = [
  ['200', answer(200), http(), true, /^$/],
  ['204', answer(204), http(), true, /^$/],
  ['a redirect', answer(302, '', { location: '/other' }), http(), true, /^$/],
  ['404', answer(404), http(), false, /^GET \/health answered 404$/],
  ['500 with its reason', answer(500, '{"reason":"no disk"}'), http(), false, /500: no disk$/],
  ['a problem', answer(503, '{"title":"x","detail":"db away"}'), http(), false, /503: db away$/],
  ['500 with a page', answer(500, '<html>'), http(), false, /answered 500$/],
  ['500 with null', answer(500, 'null'), http(), false, /answered 500$/],
  ['another status than asked for', answer(200), http({ status: 204 }), false, /answered 200$/],
  ['a bad status that is asked for', answer(418), http({ status: 418 }), true, /^$/],
  ['no answer', never, http({ timeoutMs: 100 }), false, /took longer than 100 ms/],
  ['an answer that does not end', drip, http({ timeoutMs: 100 }), false, /took longer than 100 ms/],
  ['a reset', reset, http(), false, /the connection to 127\.0\.0\.1:\d+ was reset/],
  ['half an answer', half, http(), false, /answered 500$/],
  ['a huge body', answer(200, large), http(), true, /^$/],
  ['a huge body of a failure', answer(500, large), http(), false, /answered 500$/],
  [
    'an endless reason',
    answer(500, JSON.stringify({ reason: 'x'.repeat(3000) })),
    http(),
    false,
    /^.{300}$/,
  ],
  ['a listener, asked by TCP', never, tcp, true, /^$/],
]
for (const [name, listener, probe, ok, reason] of cases) {
  test(`${name} is ${ok ? 'well' : 'a failure with its reason'}`, async () => {
    const result = await serving(createHttpServer(listener), (port) => ask(probe, port))
    assert.equal(result.ok, ok, result.reason)
    assert.match(result.reason, reason)
    assert.ok(result.latencyMs >= 0)
  })
}

test('a server that is not one for HTTP is a failure', async () => {
  const server = createTcpServer((socket) => socket.end('220 smtp ready\r\n'))
  const result = await serving(server, (port) => ask(http(), port))
  assert.equal(result.ok, false)
  assert.match(result.reason, /Parse Error|Expected HTTP/)
})

for (const probe of [http(), tcp]) {
  test(`nobody listens: a ${probe.kind} probe says where`, async () => {
    const port = await serving(createTcpServer(), (free) => Promise.resolve(free))
    const result = await ask(probe, port)
    assert.deepEqual([result.ok, result.reason], [false, `nothing listens on 127.0.0.1:${port}`])
  })
}

test('an instance without the port is told apart from one that does not answer', async () => {
  const ports: BoundPort[] = [{ ...boundTo(1), protocol: 'udp' }]
  const one = await runProbe(tcp, { instance: 'x', ports }, noExec)
  assert.equal(one.reason, 'the instance has no port to check')
  const other = await runProbe({ ...tcp, port: 9 }, { instance: 'x', ports: [boundTo(1)] }, noExec)
  assert.equal(other.reason, 'the instance has no port 9 to check')
})

test('a probe asks the bound port of its target, or the first TCP port', () => {
  const ports = [
    { ...boundTo(53), protocol: 'udp' as const },
    boundTo(1),
    { ...boundTo(2), target: 81 },
  ]
  assert.equal(portOf(undefined, ports)?.port, 1)
  assert.equal(portOf(81, ports)?.port, 2)
  assert.equal(portOf(82, ports), undefined)
})

type Answer = Awaited<ReturnType<ExecProbe>>
const execs: [name: string, given: Answer | Error, ok: boolean, reason: RegExp][] = [
  ['exit code 0', { exitCode: 0, output: 'noise', timedOut: false }, true, /^$/],
  [
    'exit code 1',
    { exitCode: 1, output: 'a\nno ping\n', timedOut: false },
    false,
    /ended with 1: no ping$/,
  ],
  ['silence and code 7', { exitCode: 7, output: '', timedOut: false }, false, /ended with 7$/],
  ['a time-out', { exitCode: null, output: '', timedOut: true }, false, /took longer than 500 ms/],
  ['an instance that is gone', new Error('the instance does not run'), false, /does not run/],
]
for (const [name, given, ok, reason] of execs) {
  test(`a health command with ${name} is ${ok ? 'well' : 'a failure'}`, async () => {
    const probe: ProbeSpec = { kind: 'exec', command: ['check'], ...probeTiming }
    const result = await ask(probe, 1, () =>
      given instanceof Error ? Promise.reject(given) : Promise.resolve(given),
    )
    assert.equal(result.ok, ok)
    assert.match(result.reason, reason)
  })
}

test('a health command that never answers does not hold its turn for ever', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const probe: ProbeSpec = { kind: 'exec', command: ['check'], ...probeTiming }
  const asked = ask(probe, 1, () => new Promise(() => undefined))
  t.mock.timers.tick(60_000)
  assert.match((await asked).reason, /took longer than 500 ms/)
})
