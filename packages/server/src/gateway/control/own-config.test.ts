import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { localActor } from '../../kernel/actor.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createEvents } from '../../kernel/events.ts'
import { newId } from '../../kernel/ids.ts'
import { createTestAudit, createTestDb, quietLog } from '../../kernel/testing/index.ts'
import { plugins } from '../plugins/index.ts'
import type { GatewayDocument } from '../snapshot.ts'
import { createApiPaths } from './api-paths.ts'
import { consumerRowsOf } from './consumer-rows.ts'
import { digestOfKey } from '../proxy/chain/consumers.ts'
import { createConsumers } from './consumers.ts'
import { openOwnConfig } from './own-config.ts'
import { createReadFile } from './reading.ts'

const migrations = [{ domain: 'gateway', dir: join(import.meta.dirname, '../migrations') }]
const api = { kind: 'api', stack: null, text: 'API', file: null } as const

const open = async () => {
  const world = await createTestDb({ migrations })
  const { db } = world
  const events = createEvents({ db, clock: systemClock, log: quietLog })
  const paths = createApiPaths({ logs: ['/dev/null/logs'], files: ['/dev/null/files'] })
  let changes = 0
  const openOwn = (guarded = paths.guard(plugins)) =>
    openOwnConfig({
      ...{ db, events, audit: createTestAudit(db), clock: systemClock },
      ...{ paths, readFile: createReadFile(guarded) },
      onChange: () => {
        changes += 1
      },
    })
  return {
    ...{ db, openOwn, own: await openOwn() },
    changes: () => changes,
    told: async () =>
      (
        await db.many<{ payload: { text: string } }>(
          `select payload from kernel.event_outbox where type = 'gateway.configured' order by at`,
        )
      ).map(({ payload }) => payload.text),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

const fileWith = (paths: string): string => `
_format_version: "3.0"
services:
  - name: orders
    url: http://127.0.0.1:3000
    routes: [{ name: orders, paths: [${paths}] }]
`

test('a file becomes the configuration, with a revision, its author and an event', async () => {
  await using world = await open()
  const { own } = world
  const diff = await own.apply(localActor, fileWith('/orders'), { dryRun: false, note: 'first' })
  assert.equal(diff.revision, 1)
  assert.deepEqual(
    diff.changes.map(({ change, kind, name }) => `${kind} ${name} ${change}`),
    ['service orders created', 'route orders created'],
  )
  const [revision] = await own.revisions()
  assert.deepEqual(
    [revision?.revision, revision?.isCurrent, revision?.note, revision?.counts],
    [1, true, 'first', { services: 1, routes: 1 }],
  )
  assert.deepEqual(await world.told(), ['1 service created, 1 route created'])
  assert.equal(world.changes(), 1)
})

test('a dry run says what would change and changes nothing', async () => {
  await using world = await open()
  const { own } = world
  await own.apply(localActor, fileWith('/orders'), { dryRun: false })
  const diff = await own.apply(localActor, fileWith('/o, /orders'), { dryRun: true })
  assert.deepEqual(diff.changes, [
    {
      ...{ change: 'updated', kind: 'route', name: 'orders' },
      fields: [{ path: 'paths', before: ['/orders'], after: ['/o', '/orders'] }],
    },
  ])
  assert.equal(own.current.revision, 1)
  assert.deepEqual(own.current.config.routes[0]?.paths, ['/orders'])
})

test('what says the same is no revision', async () => {
  await using world = await open()
  await world.own.apply(localActor, fileWith('/orders'), { dryRun: false })
  await world.own.apply(localActor, fileWith('"/orders"'), { dryRun: false })
  assert.equal((await world.own.revisions()).length, 1)
})

test('a mistake is told with its line by a dry run, refused otherwise, and changes nothing', async () => {
  await using world = await open()
  const { own } = world
  await own.apply(localActor, fileWith('/orders'), { dryRun: false })
  const diff = await own.apply(localActor, fileWith('orders'), { dryRun: true })
  assert.deepEqual([diff.faults[0]?.line, diff.changes], [6, []])
  await assert.rejects(own.apply(localActor, fileWith('orders'), { dryRun: false }), {
    code: 'gateway_config_invalid',
  })
  assert.equal(own.current.revision, 1)
})

test('the environment of the platform is nothing a file may read', async () => {
  await using world = await open()
  process.env['KEELSON_TEST_SECRET'] = 'platform-secret'
  const text = fileWith('/orders').replace('/orders', '{vault://env/KEELSON_TEST_SECRET}')
  const diff = await world.own.apply(localActor, text, { dryRun: true })
  delete process.env['KEELSON_TEST_SECRET']
  assert.notEqual(diff.faults.length, 0)
  assert.ok(!JSON.stringify(diff).includes('platform-secret'))
})

test('a path of this machine is refused at its place, also in an earlier revision', async () => {
  await using world = await open()
  const text = `${fileWith('/orders')}plugins:
  - { name: file-log, config: { path: /etc/profile } }
`
  const { faults } = await world.own.apply(localActor, text, { dryRun: true })
  assert.deepEqual(
    faults.map(({ line, column }) => [line, column]),
    [[8, 39]],
  )
  assert.match(faults[0]?.message ?? '', /path is \/etc\/profile: by the API it may/)
  await assert.rejects(world.own.apply(localActor, text, { dryRun: false }), {
    code: 'gateway_config_invalid',
  })
  // An earlier Keelson has taken it.
  const earlier = await world.openOwn(plugins)
  await earlier.apply(localActor, text, { dryRun: false })
  await earlier.apply(localActor, fileWith('/orders'), { dryRun: false })
  const now = await world.openOwn()
  await assert.rejects(now.rollBack(localActor, 1, { dryRun: false }), {
    code: 'gateway_config_invalid',
    message: /^file-log: path is \/etc\/profile/,
  })
  assert.equal(now.current.revision, 2)
})

test('whoever looked at another revision is told, and so is the slower of two', async () => {
  await using world = await open()
  const { own } = world
  await own.apply(localActor, fileWith('/a'), { dryRun: false })
  const late = own.apply(localActor, fileWith('/b'), { dryRun: false, revision: 0 })
  await assert.rejects(late, { code: 'revision_conflict' })
  const other = await world.openOwn()
  await other.apply(localActor, fileWith('/b'), { dryRun: false })
  await assert.rejects(own.apply(localActor, fileWith('/c'), { dryRun: false }), {
    code: 'revision_conflict',
  })
})

test('an earlier revision is applied again as a new one, and survives a restart', async () => {
  await using world = await open()
  const { own } = world
  await own.apply(localActor, fileWith('/a'), { dryRun: false })
  await own.apply(localActor, fileWith('/b'), { dryRun: false })
  const looked = await own.rollBack(localActor, 1, { dryRun: true })
  assert.equal(looked.changes.length, 1)
  assert.equal(own.current.revision, 2)
  assert.equal((await own.rollBack(localActor, 1, { dryRun: false, looked: 2 })).revision, 3)
  const again = await world.openOwn()
  assert.deepEqual([again.current.revision, again.current.config.routes[0]?.paths], [3, ['/a']])
  await assert.rejects(own.rollBack(localActor, 99, { dryRun: false }), {
    code: 'revision_not_found',
    hint: /keelson gateway history/,
  })
})

test('going back is refused when somebody has changed what was looked at', async () => {
  await using world = await open()
  const { own } = world
  await own.apply(localActor, fileWith('/a'), { dryRun: false })
  const { revision: looked } = await own.rollBack(localActor, 1, { dryRun: true })
  await own.apply(localActor, fileWith('/b'), { dryRun: false })
  await assert.rejects(own.rollBack(localActor, 1, { dryRun: false, looked }), {
    code: 'revision_conflict',
    message: 'The gateway configuration is at revision 2 by now; what was looked at is 1',
  })
  assert.deepEqual(own.current.config.routes[0]?.paths, ['/b'])
})

test('of many revisions the last fifty are kept', async () => {
  await using world = await open()
  for (let at = 0; at < 53; at += 1) {
    await world.own.apply(localActor, fileWith(`/${at}`), { dryRun: false })
  }
  const revisions = await world.own.revisions()
  assert.equal(revisions.length, 50)
  assert.equal(revisions.at(-1)?.revision, 4)
})

const consumersOf = (
  own: Awaited<ReturnType<typeof openOwnConfig>>,
  files: GatewayDocument[] = [],
) => {
  const documents = (): GatewayDocument[] => [
    ...files,
    { manager: 'api', stack: null, style: 'kong', config: own.current.config },
  ]
  const managerOf = ({ stack }: GatewayDocument) =>
    stack === null
      ? api
      : ({ kind: 'file', stack, text: `kong.yml of ${stack}`, file: '/shop/kong.yml' } as const)
  const rows = () => consumerRowsOf(documents(), { plugins, managerOf })
  return { ...createConsumers({ own, documents, managerOf, rows, newId }), rows }
}

test('a key is in the answer that makes it and nowhere else', async () => {
  await using world = await open()
  const consumers = consumersOf(world.own)
  const consumer = await consumers.create(localActor, { username: 'mobile', groups: ['gold'] })
  const { key, credential } = await consumers.createKey(localActor, consumer.id, ['phone'])
  assert.match(key, /^[A-Za-z0-9]{32}$/)
  assert.deepEqual([credential.label, credential.tags], [`…${key.slice(-4)}`, ['phone']])
  const [stored] = world.own.current.config.credentials
  assert.equal(stored?.kind === 'keyauth_credentials' && stored.key, digestOfKey(key))
  assert.deepEqual(consumers.rows()[0]?.credentials, [credential])
  const everything = await world.db.many<{ row: string }>(
    `select r::text as row from gateway.revision r union all select e::text from kernel.event_outbox e`,
  )
  for (const { row } of everything) assert.ok(!row.includes(key))
  await consumers.revoke(localActor, credential.id)
  assert.deepEqual(world.own.current.config.credentials, [])
})

test('many keys made at once are all there', async () => {
  await using world = await open()
  const consumers = consumersOf(world.own)
  const { id } = await consumers.create(localActor, { username: 'mobile' })
  const made = await Promise.all(
    Array.from({ length: 10 }, () => consumers.createKey(localActor, id, [])),
  )
  assert.equal(new Set(made.map(({ key }) => key)).size, 10)
  assert.equal(world.own.current.config.credentials.length, 10)
})

test('neither a file nor an earlier revision gives or takes keys that people have', async () => {
  await using world = await open()
  const { own } = world
  const consumers = consumersOf(own)
  const { id } = await consumers.create(localActor, { username: 'mobile', groups: ['gold'] })
  const kept = await consumers.createKey(localActor, id, [])
  const revoked = await consumers.createKey(localActor, id, [])
  const withBoth = own.current.revision
  await consumers.revoke(localActor, revoked.credential.id)
  const keys = () => own.current.config.credentials.map((one) => one.id)
  const applied = await own.apply(localActor, fileWith('/a'), { dryRun: false })
  assert.deepEqual(
    applied.changes.map(({ change }) => change),
    ['created', 'created'],
  )
  assert.deepEqual([keys(), own.current.config.acls.length], [[kept.credential.id], 1])
  await own.rollBack(localActor, withBoth, { dryRun: false })
  assert.deepEqual([keys(), own.current.config.routes], [[kept.credential.id], []])
  const file = '_format_version: "3.0"\nconsumers: [{ username: mobile }]'
  await assert.rejects(own.apply(localActor, file, { dryRun: true }), {
    code: 'gateway_name_taken',
  })
})

test('a consumer goes with all that is its own; a name is taken once', async () => {
  await using world = await open()
  const consumers = consumersOf(world.own)
  const { id } = await consumers.create(localActor, { username: 'mobile', groups: ['gold'] })
  await assert.rejects(consumers.create(localActor, { username: 'mobile' }), {
    code: 'gateway_name_taken',
  })
  await consumers.createKey(localActor, id, [])
  await consumers.remove(localActor, id)
  const { config } = world.own.current
  assert.deepEqual([config.consumers, config.credentials, config.acls], [[], [], []])
  await assert.rejects(consumers.remove(localActor, id), {
    ...{ code: 'not_found', hint: /keelson gateway key list/ },
  })
})

test('what a file manages is changed in the file, which is named', async () => {
  await using world = await open()
  const { config } = createReadFile(plugins)({
    ...{ file: 'kong.yml', environment: {} },
    text: '_format_version: "3.0"\nconsumers: [{ username: bob, keyauth_credentials: [{ key: sesame }] }]',
  })
  const file: GatewayDocument = { manager: 'file:shop', stack: 'shop', style: 'kong', config }
  const consumers = consumersOf(world.own, [file])
  const refusal = {
    code: 'gateway_not_managed_here',
    message: 'This consumer is managed by kong.yml of shop (/shop/kong.yml)',
  }
  const id = config.consumers[0]?.id ?? ''
  await assert.rejects(consumers.remove(localActor, id), refusal)
  await assert.rejects(consumers.createKey(localActor, id, []), refusal)
  await assert.rejects(consumers.revoke(localActor, config.credentials[0]?.id ?? ''), {
    code: 'gateway_not_managed_here',
  })
  // A short key must not be told by its end.
  assert.equal(consumers.rows()[0]?.credentials[0]?.label, '…')
})
