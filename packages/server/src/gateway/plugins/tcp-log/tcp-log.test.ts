import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idsOf, startLineServer } from '../logging/testing-lines.ts'
import { configOf, faultsOf, instanceOf, testExchange } from '../testing/index.ts'
import { testRecord } from '../testing/record.ts'
import { tcpLog } from './handler.ts'

const where = { host: '127.0.0.1', port: 9 }

test('defaults', () => {
  assert.deepEqual(configOf(tcpLog, where), {
    ...where,
    timeout: 10_000,
    keepalive: 60_000,
    tls: false,
    tls_sni: null,
    ssl_verify: true,
    custom_fields_by_lua: null,
  })
  assert.equal(tcpLog.priority, 7)
})

test('refuses Lua', () => {
  const faults = faultsOf(tcpLog, { ...where, custom_fields_by_lua: { a: 'return 1' } })
  assert.deepEqual(faults[0]?.path, ['custom_fields_by_lua'])
})

const log = (instance: ReturnType<typeof instanceOf>, requestId: string) =>
  instance.log?.(testExchange({ requestId }), testRecord())
const linesOf = (text: string) => text.split('\n').slice(0, -1)

for (const secure of [false, true]) {
  test(`lines arrive in their order${secure ? ' over TLS' : ''}`, async () => {
    await using server = await startLineServer({ secure })
    const config = { ...where, port: server.port, tls: secure, ssl_verify: false }
    const instance = instanceOf(tcpLog, config)
    const ids = Array.from({ length: 300 }, (_, n) => `${n}`)
    for (const id of ids) log(instance, id)
    await instance.close?.()
    await server.until((text) => linesOf(text).length === 300)
    assert.deepEqual(idsOf(linesOf(server.text())), ids)
  })
}

test('a server that nobody vouches for gets nothing', async () => {
  await using server = await startLineServer({ secure: true })
  const instance = instanceOf(tcpLog, { ...where, port: server.port, tls: true })
  log(instance, 'a')
  await instance.close?.()
  assert.equal(server.text(), '')
})

test('lines wait for a server that comes back', async () => {
  const first = await startLineServer()
  const instance = instanceOf(tcpLog, { ...where, port: first.port })
  log(instance, 'before')
  await first.until((text) => text.endsWith('\n'))
  await first[Symbol.asyncDispose]()
  await using second = await (async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    // The end of the connection is known here before the next line is written.
    setImmediate(() => setImmediate(resolve))
    await promise
    for (let n = 0; n < 20; n += 1) log(instance, `${n}`)
    return startLineServer({ port: first.port })
  })()
  await second.until((text) => linesOf(text).length === 20)
  assert.equal(idsOf(linesOf(second.text())).at(-1), '19')
  await instance.close?.()
})
