import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { execChannels, execWindowBytes, type ExecRequest } from '@keelson/contract'
import { WebSocket } from 'ws'
import { anonymous, localActor, type Actor } from '../../kernel/actor.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { AuditEntry } from '../../kernel/audit/index.ts'
import { AppError } from '../../kernel/errors.ts'
import { createHttp } from '../../kernel/http.ts'
import { quietLog, signedIn, until } from '../../kernel/testing/index.ts'
import { createRegistry, findServiceIn } from '../../registry/index.ts'
import { serviceSpec } from '../testing/spec.ts'
import { execSocket } from './socket.ts'
import type { PersonsCommands } from './commands.ts'

const session = signedIn()
const actors: Record<string, Actor> = { nobody: anonymous, session, local: localActor }

/** Commands as plain children of this test, so that real streams and real ends are behind it. */
const createChildren = () => {
  const begun: ExecRequest[] = []
  const running = new Set<number>()
  const commands: PersonsCommands = {
    begin: async (_, request) => {
      begun.push(request)
      const [program = '', ...args] = request.command
      const child = spawn(program, args, { stdio: 'pipe' })
      const { promise, resolve, reject } = Promise.withResolvers<number | null>()
      child.once('error', () => reject(new AppError('exec_failed', { message: `no ${program}` })))
      child.once('exit', (code) => {
        if (child.pid !== undefined) running.delete(child.pid)
        resolve(code)
      })
      promise.catch(() => undefined)
      await Promise.race([once(child, 'spawn'), promise])
      if (child.pid !== undefined) running.add(child.pid)
      const kill = async (): Promise<void> => void child.kill('SIGKILL')
      const { stdin, stdout, stderr } = child
      const run = { stdin, stdout, stderr, exitCode: promise, resize: async () => {}, kill }
      return { instance: 'shop-web-1', run, release: kill }
    },
  }
  return { commands, begun, running }
}

const startServer = async () => {
  let tellChange = (): void => undefined
  const told: AuditEntry[] = []
  const audit = { write: async (_actor: Actor, entry: AuditEntry) => void told.push(entry) }
  const http = await createHttp({
    clock: systemClock,
    onDenied: async () => undefined,
    log: quietLog,
    newId: () => 'id',
    hostNames: ['127.0.0.1'],
    authenticate: async ({ headers }) => actors[String(headers['x-actor'])] ?? anonymous,
    onRightsChange: (listener) => (tellChange = listener),
  })
  const children = createChildren()
  const recorder = { record: () => {}, flush: () => Promise.resolve(true), stop: () => {} }
  const registry = createRegistry({ db: {} as never, recorder, clock: systemClock })
  const declareWeb = (tier: string) =>
    registry.declare({
      ...{ id: 'shop/web', stack: 'shop', spec: serviceSpec('web', { labels: { tier } }) },
      ...{ builtIn: false, upstreams: [], injected: {} },
    })
  declareWeb('front')
  http.useServices(findServiceIn(registry))
  execSocket({
    ...{ http, registry, audit, commands: children.commands },
    ...{ clock: systemClock, log: quietLog },
  })
  await http.listen({ host: '127.0.0.1', port: 0 })
  const { port } = http.app.server.address() as AddressInfo
  return {
    port,
    told,
    ...children,
    ...{ http, registry, declareWeb },
    tellChange: () => tellChange(),
    [Symbol.asyncDispose]: () => http.close(),
  }
}

const connect = (port: number, as: string, { name = 'web', origin = '' } = {}) =>
  new WebSocket(`ws://127.0.0.1:${port}/api/v1/services/${name}/exec`, {
    headers: { 'x-actor': as, ...(origin === '' ? {} : { origin }) },
  })

const request = (...command: string[]): string =>
  JSON.stringify({ mode: 'exec', command, tty: null, environment: {} })

const frame = (channel: number, payload: string | Buffer): Buffer =>
  Buffer.concat([Buffer.of(channel), Buffer.from(payload)])

/** Everything the platform sends until it closes, by channel. */
const collect = async (socket: WebSocket) => {
  const parts: Record<number, Buffer[]> = {}
  socket.on('message', (data: Buffer) => {
    const channel = data[0] ?? -1
    parts[channel] = [...(parts[channel] ?? []), data.subarray(1)]
    const isOutput = channel === execChannels.stdout || channel === execChannels.stderr
    const read = JSON.stringify({ type: 'read', bytes: data.length - 1 })
    if (isOutput) socket.send(frame(execChannels.control, read), () => undefined)
  })
  await once(socket, 'close')
  const bytes = (channel: number) => Buffer.concat(parts[channel] ?? [])
  const controls = (parts[execChannels.control] ?? [])
    .map((part) => JSON.parse(part.toString()))
    .filter(({ type }) => type !== 'read')
  return {
    stdout: bytes(execChannels.stdout),
    stderr: bytes(execChannels.stderr).toString(),
    controls,
    last: controls.at(-1),
  }
}

test('streams come on their own channels, and the exit code last', async () => {
  await using server = await startServer()
  const socket = connect(server.port, 'local')
  await once(socket, 'open')
  socket.send(request('sh', '-c', 'echo out; echo err >&2; exit 3'))
  const { stdout, stderr, controls } = await collect(socket)
  assert.equal(stdout.toString(), 'out\n')
  assert.equal(stderr, 'err\n')
  assert.deepEqual(controls, [
    { type: 'started', instance: 'shop-web-1' },
    { type: 'exit', code: 3 },
  ])
})

test('a command ends when whoever runs it may no longer', async () => {
  await using server = await startServer()
  const tess = signedIn(['services:exec'])
  actors['tess'] = tess
  const socket = connect(server.port, 'tess', { origin: `http://127.0.0.1:${server.port}` })
  await once(socket, 'open')
  socket.send(request('sleep', '1000'))
  await until('it runs', () => server.running.size === 1)
  server.tellChange()
  actors['tess'] = { ...tess, may: () => false }
  server.tellChange()
  await once(socket, 'close')
  await until('it is gone', () => server.running.size === 0)
})

type Server = Awaited<ReturnType<typeof startServer>>
const ends: [string, (server: Server, tom: { tier: string }) => void][] = [
  ['the service is given other labels', ({ declareWeb }) => declareWeb('secret')],
  ['the service is gone', ({ registry }) => registry.withdraw('shop/web')],
  ['the grant is over, which nobody tells', (_, tom) => void (tom.tier = 'none')],
]
for (const [what, happens] of ends)
  test(`a command ends when ${what}`, async () => {
    await using server = await startServer()
    const tom = { tier: 'front' }
    actors['tom'] = { ...signedIn(), may: (_, { labels }) => labels?.['tier'] === tom.tier }
    const socket = connect(server.port, 'tom', { origin: `http://127.0.0.1:${server.port}` })
    await once(socket, 'open')
    socket.send(request('sleep', '1000'))
    await until('it runs', () => server.running.size === 1)
    happens(server, tom)
    await once(socket, 'close')
    await until('it is gone', () => server.running.size === 0)
  })

test('input that is sent in one go with the request arrives whole, and its end too', async () => {
  await using server = await startServer()
  const socket = connect(server.port, 'local')
  await once(socket, 'open')
  socket.send(request('cat'))
  for (let at = 0; at < 100; at += 1) socket.send(frame(execChannels.stdin, `${at}\n`))
  socket.send(frame(execChannels.control, '{"type":"end"}'))
  const { stdout, last } = await collect(socket)
  const lines = Array.from({ length: 100 }, (_, at) => `${at}\n`).join('')
  assert.equal(stdout.toString(), lines)
  assert.deepEqual(last, { type: 'exit', code: 0 })
})

test('a reader that is slow holds the command back, and gets every byte', async () => {
  await using server = await startServer()
  const socket = connect(server.port, 'local')
  await once(socket, 'open')
  socket.send(request('head', '-c', '40000000', '/dev/zero'))
  socket.pause()
  // `head` can only end once it has got rid of everything: behind a reader that stands still it waits.
  let waits = false
  const resumed = setTimeout(() => {
    waits = server.running.size === 1
    socket.resume()
  }, 500)
  const { stdout, last } = await collect(socket)
  clearTimeout(resumed)
  assert.ok(waits)
  assert.equal(stdout.length, 40_000_000)
  assert.deepEqual(last, { type: 'exit', code: 0 })
})

test('more than both windows hold goes through a command that only hands it on', async () => {
  await using server = await startServer()
  const socket = connect(server.port, 'local')
  await once(socket, 'open')
  socket.send(request('cat'))
  const chunk = Buffer.alloc(64 * 1024, 'x')
  const total = 100 * chunk.length
  let sent = 0
  let taken = 0
  const sendOn = () => {
    for (; sent < total && sent - taken < execWindowBytes; sent += chunk.length) {
      socket.send(frame(execChannels.stdin, chunk))
    }
    if (sent === total && taken === total)
      socket.send(frame(execChannels.control, '{"type":"end"}'))
  }
  socket.on('message', (data: Buffer) => {
    if (data[0] !== execChannels.control) return
    const message = JSON.parse(data.subarray(1).toString()) as { type: string; bytes?: number }
    if (message.type !== 'read' && message.type !== 'started') return
    taken += message.bytes ?? 0
    sendOn()
  })
  const { stdout, last } = await collect(socket)
  assert.equal(stdout.length, total)
  assert.deepEqual(last, { type: 'exit', code: 0 })
})

test('a command is killed when its person goes, and when the platform stops', async () => {
  const server = await startServer()
  const first = connect(server.port, 'local')
  await once(first, 'open')
  first.send(request('sleep', '600'))
  await once(first, 'message')
  assert.equal(server.running.size, 1)
  first.terminate()
  while (server.running.size > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const second = connect(server.port, 'local')
  await once(second, 'open')
  second.send(request('sleep', '600'))
  await once(second, 'message')
  await Promise.all([server.http.close(), once(second, 'close')])
  while (server.running.size > 0) await new Promise((resolve) => setTimeout(resolve, 5))
})

test('a request to end it ends it', async () => {
  await using server = await startServer()
  const socket = connect(server.port, 'local')
  await once(socket, 'open')
  socket.send(request('sleep', '600'))
  await once(socket, 'message')
  socket.send(frame(execChannels.control, '{"type":"kill"}'))
  assert.deepEqual((await collect(socket)).last, { type: 'exit', code: null })
})

const faults: [string, string | Buffer, string][] = [
  ['text that is no JSON', 'hello', 'bad_request'],
  ['a request of another form', '{"mode":"exec"}', 'bad_request'],
  ['a word with NUL, which no process could be given', request('echo', 'a\0'), 'bad_request'],
  ['exec without a command', request(), 'bad_request'],
  ['bytes before the request', frame(0, 'x'), 'bad_request'],
  ['a program that is not there', request('/no/such/program'), 'exec_failed'],
]

for (const [name, first, code] of faults) {
  test(`told as a problem: ${name}`, async () => {
    await using server = await startServer()
    const socket = connect(server.port, 'local')
    await once(socket, 'open')
    socket.send(first)
    const { last } = await collect(socket)
    assert.equal(last.type, 'error')
    assert.equal(last.problem.code, code)
  })
}

const refusals: [string, string, { name?: string; origin?: string }, number][] = [
  ['nobody is signed in', 'nobody', {}, 401],
  ['a page of another site', 'session', { origin: 'http://evil.test' }, 403],
  ['a session without an origin', 'session', {}, 403],
  ['a service that is not there', 'local', { name: 'nope' }, 404],
]

for (const [name, as, options, status] of refusals) {
  test(`refused before there is a socket: ${name}`, async () => {
    await using server = await startServer()
    const socket = connect(server.port, as, options)
    const [, answer] = (await once(socket, 'unexpected-response')) as [
      unknown,
      { statusCode: number; headers: Record<string, string>; resume: () => void },
    ]
    answer.resume()
    assert.equal(answer.statusCode, status)
    assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/)
    assert.equal(server.begun.length, 0)
  })
}

test('the page itself may, from its own origin', async () => {
  await using server = await startServer()
  const socket = connect(server.port, 'session', { origin: `http://127.0.0.1:${server.port}` })
  await once(socket, 'open')
  socket.send(request('true'))
  assert.deepEqual((await collect(socket)).last, { type: 'exit', code: 0 })
})

test('at most 20 at once; the next may come when one has ended', async () => {
  await using server = await startServer()
  const sockets = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const socket = connect(server.port, 'local')
      await once(socket, 'open')
      return socket
    }),
  )
  const refused = connect(server.port, 'local')
  const [, answer] = (await once(refused, 'unexpected-response')) as [
    unknown,
    { statusCode: number; resume: () => void },
  ]
  answer.resume()
  assert.equal(answer.statusCode, 503)
  sockets[0]?.terminate()
  for (;;) {
    const next = connect(server.port, 'local')
    const opened = await Promise.race([
      once(next, 'open').then(() => true),
      once(next, 'unexpected-response').then(([, late]) => (late.resume(), false)),
    ])
    next.terminate()
    if (opened) break
  }
  sockets.forEach((socket) => socket.terminate())
})

test('without an upgrade the address says what it takes', async () => {
  await using server = await startServer()
  const answer = await fetch(`http://127.0.0.1:${server.port}/api/v1/services/web/exec`, {
    headers: { 'x-actor': 'local' },
  })
  assert.equal(answer.status, 400)
  assert.match(await answer.text(), /takes a WebSocket/)
})

test('a command is in the audit before it runs, with the names of its variables only', async () => {
  await using server = await startServer()
  const socket = connect(server.port, 'local')
  await once(socket, 'open')
  const environment = { PGPASSWORD: 'hunter2' }
  socket.send(JSON.stringify({ mode: 'exec', command: ['true'], tty: null, environment }))
  await once(socket, 'close')
  assert.deepEqual(server.told, [
    {
      action: 'service.exec',
      object: { kind: 'service', id: 'shop/web', name: 'shop/web' },
      after: { mode: 'exec', command: ['true'], variables: ['PGPASSWORD'] },
    },
  ])
})
