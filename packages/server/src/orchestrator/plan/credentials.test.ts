import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeBench, isHealthy } from '../testing/bench.ts'
import { containerSpec, serviceSpec, stackSpec } from '../testing/spec.ts'
import { credentialNames } from './environment.ts'

test('processes get credentials; containers and our own parts get none', async () => {
  await using bench = await createFakeBench()
  const { house } = bench
  await house.apply(stackSpec('shop', [serviceSpec('web'), containerSpec('db')]))
  await isHealthy(house, 'shop-web-1', 'shop-db-1')
  const told = (id: string): string[] => {
    const { injected = {} } = house.registry.findService(id) ?? {}
    return credentialNames.filter((name) => injected[name] !== undefined)
  }
  assert.deepEqual(told('shop/web'), [...credentialNames])
  assert.deepEqual(told('shop/db'), [])
  assert.deepEqual(told('keelson/gateway'), [])
})

test('after a restart with another master key nothing is started anew, and nothing stored', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const stack = stackSpec('shop', [serviceSpec('web')])
  await house.apply(stack)
  await isHealthy(house, 'shop-web-1')
  await house.recorder.flush(5000)
  await house.crash()
  const next = await bench.again({ masterKey: 2 })
  await isHealthy(next, 'shop-web-1')
  assert.deepEqual((await next.apply(stack)).actions, [])
  assert.equal(processes.starts('shop-web-1'), 1)
  const { injected = {} } = next.registry.findService('shop/web') ?? {}
  assert.match(injected['KEELSON_CLIENT_SECRET'] ?? '', /^ksc_2_/)
  await next.recorder.flush(5000)
  const tables = await bench.db.many<{ name: string }>(
    `select table_schema || '.' || table_name as name from information_schema.tables
     where table_schema in ('registry', 'orchestrator')`,
  )
  for (const { name } of tables) {
    const rows = await bench.db.many(`select t::text from ${name} t`)
    assert.doesNotMatch(JSON.stringify(rows), /ksc_/, name)
  }
})
