import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runKeelson } from '../testing/platform-fixture.ts'
import { findEngine } from './live-docker.ts'

/** What is answered to the path of a question: a whole answer of HTTP; undefined: nothing, for ever. */
type Answer = (path: string) => string | undefined

/** Something on a socket that answers as it likes, and a folder with a compose file. */
const createEngine = async (answer: Answer) => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'keelson-live-docker-')))
  await writeFile(join(folder, 'compose.yaml'), 'name: x\nservices: { a: { image: "a:1" } }\n')
  const socket = join(folder, 'docker.sock')
  const open = new Set<Socket>()
  const seen = { now: 0, most: 0, questions: 0 }
  const server = createServer((connection) => {
    open.add(connection.on('error', () => undefined).once('close', () => open.delete(connection)))
    connection.once('data', (head) => {
      seen.questions += 1
      seen.now += 1
      seen.most = Math.max(seen.most, seen.now)
      setImmediate(() => {
        seen.now -= 1
        const text = answer(/^GET (\S+)/.exec(head.toString())?.[1] ?? '')
        if (text !== undefined) connection.end(text)
      })
    })
  })
  server.listen(socket)
  await once(server, 'listening')
  return {
    ...{ folder, socket, seen },
    async [Symbol.asyncDispose]() {
      server.close()
      for (const connection of open) connection.destroy()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const http = (body: string, status = '200 OK'): string =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
const json = (value: unknown): string => http(JSON.stringify(value))
const version = json({ ApiVersion: '1.47' })
const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'
const cut = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{'

const hostile: [what: string, answer: string, says: RegExp][] = [
  ['an upgrade', upgrade, /it answered 101/],
  ['a cut body', cut, /it broke off its answer/],
  ['nothing', '', /./],
  ['no HTTP', 'hello\r\n\r\n', /./],
  ['no JSON', http('<html>'), /its answer is not JSON/],
  ['an error', http('{}', '500 Oh'), /it answered 500/],
  ['an object', json({ a: 1 }), /does not say its version|its list of containers is none/],
  ['null', json(null), /does not say its version|its list of containers is none/],
  ['a list of null', json([null]), /does not say its version|its list of containers is none/],
  ['containers without ids', json([{}]), /does not say its version|container without an id/],
]

for (const [what, text, says] of hostile) {
  test(`an engine that answers with ${what} is told as that`, async () => {
    await using first = await createEngine(() => text)
    const none = await findEngine(first.socket)
    assert.ok('fault' in none)
    assert.match(none.fault, says)
    await using later = await createEngine((path) => (path === '/version' ? version : text))
    const engine = await findEngine(later.socket)
    assert.ok(!('fault' in engine))
    await assert.rejects(engine.projects(), { exitCode: 2, message: says })
  })
}

for (const [what, text] of hostile.slice(0, 2)) {
  test(`--live ends with 2 when the engine answers with ${what}`, async () => {
    for (const answer of [() => text, (path: string) => (path === '/version' ? version : text)]) {
      await using engine = await createEngine(answer)
      const env = { DOCKER_HOST: `unix://${engine.socket}` }
      const { code, stderr } = await runKeelson(['gaps', '--live'], { cwd: engine.folder, env })
      assert.equal(code, 2, stderr)
      assert.match(stderr, /Docker Engine[^]*Try: /)
    }
  })
}

const labelsOf = (folder: string) => ({
  ...{ 'com.docker.compose.project': 'x', 'com.docker.compose.service': 'a' },
  'com.docker.compose.project.working_dir': folder,
})

test('labels, names and states of other kinds say nothing; a few are asked at a time', async () => {
  let folder = ''
  const odd = { 'com.docker.compose.oneoff': 7, 'com.docker.compose.project.config_files': [1] }
  const one = { Names: [5], Image: null, Ports: [null, { PublicPort: '80', Type: 'tcp' }] }
  const containers = () =>
    Array.from({ length: 30 }, (_, at) => ({
      ...{ ...one, Id: `id-${at}`, Labels: { ...labelsOf(folder), ...odd } },
    }))
  const state = { State: { Status: 3, Running: 'yes', Health: 'x', ExitCode: '1', Error: {} } }
  await using socket = await createEngine((path) => {
    if (path === '/version') return version
    if (path === '/containers/id-7/json') return http('{}', '404 Not Found')
    return json(path.startsWith('/containers/json') ? containers() : state)
  })
  folder = socket.folder
  const engine = await findEngine(socket.socket)
  assert.ok(!('fault' in engine))
  const [project, ...others] = await engine.projects()
  assert.ok(project !== undefined && others.length === 0)
  assert.deepEqual(project, { name: 'x', folder, files: [] })
  const found = await engine.containersOf(project)
  assert.equal(found.length, 29, 'one went away meanwhile')
  assert.deepEqual(found[0], {
    ...{ service: 'a', name: 'id-0', image: '', isRunning: false, published: [] },
    ...{ isHealthy: undefined, isDone: undefined, reason: 'unknown with code 0' },
  })
  assert.ok(socket.seen.most <= 4, `${socket.seen.most} at once`)
})

test('an engine that answers nothing any more is not waited for', async () => {
  let folder = ''
  await using socket = await createEngine((path) => {
    if (path === '/version') return version
    const listed = Array.from({ length: 100 }, (_, at) => ({
      ...{ Id: `id-${at}`, Labels: labelsOf(folder) },
    }))
    return path.startsWith('/containers/json') ? json(listed) : undefined
  })
  folder = socket.folder
  const engine = await findEngine(socket.socket)
  assert.ok(!('fault' in engine))
  const [project] = await engine.projects()
  assert.ok(project !== undefined)
  const looked = engine.containersOf(project)
  await assert.rejects(looked, { exitCode: 2, message: /no whole answer within/ })
})
