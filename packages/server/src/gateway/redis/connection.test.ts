import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { until } from '../../kernel/testing/index.ts'
import { configOf } from '../plugins/testing/index.ts'
import { connectRedis, RedisAway, redisScript, redisSettings } from './index.ts'
import { startRedis, withoutRedis, type TestRedis } from './testing.ts'

const silent = { info: () => {}, warn: () => {}, error: () => {} }
const settingsFor = (port: number, more: object = {}) =>
  configOf({ name: 'redis', schema: redisSettings }, { host: '127.0.0.1', port, ...more })

test('Redis that is not there is away, not an endless wait', async () => {
  const connection = connectRedis(settingsFor(1), { log: silent })
  await assert.rejects(
    connection.run((client) => client.get('a')),
    RedisAway,
  )
  connection.release()
})

void test('with a server', { skip: withoutRedis }, async (t) => {
  let server: TestRedis
  before(async () => void (server = await startRedis()))
  after(() => server.remove())

  await t.test('one connection serves all who have the same settings', async () => {
    const [a, b] = [
      connectRedis(settingsFor(server.port), { log: silent }),
      connectRedis(settingsFor(server.port), { log: silent }),
    ]
    await a.run((client) => client.set('a', '1'))
    assert.equal(await b.run((client) => client.get('a')), '1')
    const seen = await a.run((client) => client.client('LIST'))
    assert.equal(String(seen).trim().split('\n').length, 1)
    a.release()
    assert.equal(await b.run((client) => client.get('a')), '1', 'the other one still uses it')
    b.release()
  })

  await t.test('a script is sent once and known after that, also to a new server', async () => {
    const connection = connectRedis(settingsFor(server.port), { log: silent })
    const script = redisScript('return {KEYS[1], tonumber(ARGV[1]) + 1}')
    assert.deepEqual(await connection.script(script, ['k'], [41]), ['k', 42])
    await server.stop()
    await until('redis is away', () => !connection.ready)
    await assert.rejects(connection.script(script, ['k'], [1]), RedisAway)
    await server.start()
    await until('redis is back', () => connection.ready)
    assert.deepEqual(await connection.script(script, ['k'], [1]), ['k', 2])
    connection.release()
  })

  await t.test('what Redis refuses is its own error', async () => {
    const connection = connectRedis(settingsFor(server.port), { log: silent })
    await connection.run((client) => client.set('text', 'x'))
    await assert.rejects(
      connection.run((client) => client.incr('text')),
      (error) => !(error instanceof RedisAway),
    )
    connection.release()
  })

  await t.test('more commands at once than the bound are refused at once', async () => {
    const connection = connectRedis(settingsFor(server.port), { log: silent })
    const asked = Array.from({ length: 10_050 }, () => connection.run((client) => client.ping()))
    const outcomes = await Promise.allSettled(asked)
    assert.equal(outcomes.filter(({ status }) => status === 'rejected').length, 50)
    connection.release()
  })
})

test('a Redis that moved is found where it is now', { skip: withoutRedis }, async () => {
  const first = await startRedis()
  let at = { host: '127.0.0.1', port: first.port }
  const asked: string[] = []
  const locate = (host: string, port: number) => {
    asked.push(`${host}:${port}`)
    return at
  }
  const connection = connectRedis({ ...settingsFor(6379), host: 'cache' }, { log: silent, locate })
  await connection.run((client) => client.set('where', 'first'))
  const second = await startRedis()
  at = { host: '127.0.0.1', port: second.port }
  await first.remove()
  await until('it is at the second', async () => {
    const where = await connection.run((client) => client.get('where')).catch(() => 'away')
    return where === null
  })
  assert.equal(asked[0], 'cache:6379')
  connection.release()
  await second.remove()
})
