import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idsOf, startDatagramServer } from '../logging/testing-lines.ts'
import { configOf, instanceOf, testExchange } from '../testing/index.ts'
import { testRecord } from '../testing/record.ts'
import { udpLog } from './handler.ts'

const where = { host: '127.0.0.1', port: 9 }

test('defaults', () => {
  assert.deepEqual(configOf(udpLog, where), {
    ...where,
    timeout: 10_000,
    custom_fields_by_lua: null,
  })
  assert.equal(udpLog.priority, 8)
})

test('each entry is a datagram', async () => {
  await using server = await startDatagramServer()
  const instance = instanceOf(udpLog, { ...where, port: server.port })
  for (const requestId of ['a', 'b', 'c']) instance.log?.(testExchange({ requestId }), testRecord())
  await server.until(3)
  assert.deepEqual(idsOf(server.datagrams), ['a', 'b', 'c'])
  await instance.close?.()
})

test('one that is too long is cut', async () => {
  await using server = await startDatagramServer()
  const instance = instanceOf(udpLog, { ...where, port: server.port })
  instance.log?.(testExchange({ headers: ['a', 'b'.repeat(70_000)] }), testRecord())
  await server.until(1)
  assert.equal(server.datagrams[0]?.length, 65_507)
  await instance.close?.()
})
