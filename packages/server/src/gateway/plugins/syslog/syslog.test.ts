import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startDatagramServer, startLineServer } from '../logging/testing-lines.ts'
import { configOf, instanceOf, testExchange } from '../testing/index.ts'
import { testRecord } from '../testing/record.ts'
import { syslog } from './handler.ts'
import { messages } from './message.ts'

test('defaults', () => {
  assert.deepEqual(configOf(syslog), {
    log_level: 'info',
    successful_severity: 'info',
    client_errors_severity: 'info',
    server_errors_severity: 'info',
    facility: 'user',
    host: '127.0.0.1',
    port: 514,
    protocol: 'udp',
    custom_fields_by_lua: null,
  })
  assert.equal(syslog.priority, 4)
})

const cases: { config: object; status: number; priority: number | null }[] = [
  { config: {}, status: 200, priority: 14 },
  { config: { facility: 'local7' }, status: 200, priority: 190 },
  { config: { facility: 'kern', server_errors_severity: 'emerg' }, status: 500, priority: 0 },
  { config: { client_errors_severity: 'warning' }, status: 404, priority: 12 },
  { config: { log_level: 'err' }, status: 200, priority: null },
  { config: { log_level: 'err', server_errors_severity: 'crit' }, status: 503, priority: 10 },
  { config: { log_level: 'debug', successful_severity: 'debug' }, status: 302, priority: 15 },
]

describe('a message', () => {
  for (const { config, status, priority } of cases) {
    test(`${JSON.stringify(config)} ${status}: ${priority ?? 'none'}`, () => {
      const { wants, message } = messages(configOf(syslog, config))
      assert.equal(wants(status), priority !== null)
      if (priority === null) return
      const text = message(status, new Date('2026-01-01T00:00:00Z'), '{}')
      const head = new RegExp(`^<${priority}>1 2026-01-01T00:00:00\\.000Z \\S+ kong \\d+ - - {}$`)
      assert.match(text, head)
    })
  }
})

test('over UDP: a datagram each', async () => {
  await using server = await startDatagramServer()
  const instance = instanceOf(syslog, { port: server.port })
  instance.log?.(testExchange({ requestId: 'a' }), testRecord())
  await server.until(1)
  assert.match(server.datagrams[0] ?? '', /^<14>1 .* - - \{"request":\{"id":"a"/)
  await instance.close?.()
})

test('over TCP: with its length before it', async () => {
  await using server = await startLineServer()
  const instance = instanceOf(syslog, { port: server.port, protocol: 'tcp' })
  instance.log?.(testExchange({ requestId: 'ü' }), testRecord())
  await instance.close?.()
  await server.until((text) => text.endsWith('}'))
  const [, length = '', message = ''] = /^(\d+) (.*)$/s.exec(server.text()) ?? []
  assert.equal(Buffer.byteLength(message), Number(length))
})
