import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createManualClock } from '../../../kernel/testing/index.ts'
import { openGateway, startOrigin, until } from '../../testing/gateway.ts'
import { closeWithinMs } from '../logging/queue.ts'
import { configOf, faultsOf, instanceOf, testExchange, testHost } from '../testing/index.ts'
import { testRecord } from '../testing/record.ts'
import { fileLog } from './handler.ts'

test('defaults', () => {
  assert.deepEqual(configOf(fileLog, { path: '/var/log/requests.log' }), {
    path: '/var/log/requests.log',
    reopen: false,
    custom_fields_by_lua: null,
  })
  assert.equal(fileLog.priority, 9)
})

describe('a path', () => {
  for (const path of ['requests.log', './a', '/a b ', '/a*', '/a&b', '/a%b', '/a`b`', '']) {
    test(`is refused: ${path}`, () => assert.throws(() => configOf(fileLog, { path })))
  }
  test('may hold blanks', () => void configOf(fileLog, { path: '/var/log/a b.log' }))
})

test('refuses Lua', () => {
  const config = { path: '/a', custom_fields_by_lua: { a: 'return 1' } }
  assert.deepEqual(faultsOf(fileLog, config)[0]?.path, ['custom_fields_by_lua'])
})

describe('lines', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-file-log-'))
  })
  after(() => rm(folder, { recursive: true }))

  const log = (instance: ReturnType<typeof instanceOf>, requestId: string) =>
    instance.log?.(testExchange({ requestId }), testRecord())
  const hasLine = (path: string) => existsSync(path) && readFileSync(path, 'utf8').endsWith('\n')
  const idsIn = async (path: string): Promise<string[]> =>
    (await readFile(path, 'utf8'))
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { request: { id: string } }).request.id)

  test('are added in their order', async () => {
    const path = join(folder, 'order.log')
    const expected = Array.from({ length: 100 }, (_, n) => `${n}`)
    const first = instanceOf(fileLog, { path })
    for (const id of expected.slice(0, 60)) log(first, id)
    await first.close?.()
    const second = instanceOf(fileLog, { path })
    for (const id of expected.slice(60)) log(second, id)
    await second.close?.()
    assert.deepEqual(await idsIn(path), expected)
  })

  test('of two writers never mix', async () => {
    const path = join(folder, 'both.log')
    const writers = [instanceOf(fileLog, { path }), instanceOf(fileLog, { path })]
    for (let n = 0; n < 200; n += 1) for (const writer of writers) log(writer, `${n}`)
    for (const writer of writers) await writer.close?.()
    assert.equal((await idsIn(path)).length, 400)
  })

  for (const [reopen, moved, stayed] of [
    [true, ['a'], ['b']],
    [false, ['a', 'b'], null],
  ] as const) {
    test(`with reopen ${reopen}, after the file was moved away`, async () => {
      const path = join(folder, `moved-${reopen}.log`)
      const instance = instanceOf(fileLog, { path, reopen })
      log(instance, 'a')
      await until(() => hasLine(path), 'a line')
      await rename(path, `${path}.1`)
      log(instance, 'b')
      await instance.close?.()
      assert.deepEqual(await idsIn(`${path}.1`), moved)
      assert.deepEqual(await idsIn(path).catch(() => null), stayed)
    })
  }

  test('wait for a folder that is missing, which nobody makes', async () => {
    const path = join(folder, 'later', 'requests.log')
    const instance = instanceOf(fileLog, { path })
    log(instance, 'a')
    await assert.rejects(readFile(path), { code: 'ENOENT' })
    await mkdir(join(folder, 'later'))
    await until(() => hasLine(path), 'a line')
    assert.deepEqual(await idsIn(path), ['a'])
    await instance.close?.()
  })

  test('follow a link of a file of a stack, and none of the document of the API', async () => {
    const file = join(folder, 'linked.log')
    const path = join(folder, 'link')
    await writeFile(file, '')
    await symlink(file, path)
    const platform = 'http://127.0.0.1:7070'
    const clock = createManualClock()
    const told: string[] = []
    const warn = (facts: object): void => void told.push(JSON.stringify(facts))
    const host = { ...testHost({ clock }), platform }
    const ofApi = instanceOf(fileLog, { path }, { ...host, log: { ...host.log, warn } })
    log(ofApi, 'api')
    await until(() => told.some((facts) => facts.includes('ELOOP')), 'the refusal')
    const closed = ofApi.close?.()
    clock.advance(closeWithinMs)
    await closed
    const ofStack = instanceOf(fileLog, { path }, { ...testHost(), platform, stack: 'shop' })
    log(ofStack, 'stack')
    await ofStack.close?.()
    assert.deepEqual(await idsIn(file), ['stack'])
  })

  test('to a pipe that nobody reads delay no request', async () => {
    const path = join(folder, 'pipe')
    execFileSync('mkfifo', [path])
    await using origin = await startOrigin((_, response) => response.end('hello'))
    await using gateway = await openGateway({
      config: `
_format_version: "3.0"
services:
- name: shop
  url: http://127.0.0.1:${origin.port}
  routes: [{ name: orders, paths: [/] }]
plugins: [{ name: file-log, config: { path: ${path} } }]
`,
    })
    for (let n = 0; n < 20; n += 1) assert.equal((await gateway.fetch('/')).status, 200)
    assert.match(gateway.metrics(), /keelson_gateway_log_entries_total\{[^}]*"sent"} 0\n/)
  })
})
