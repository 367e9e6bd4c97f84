import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readGatewayConfig } from '../../config/read.ts'
import { openGateway, startOrigin } from '../../testing/gateway.ts'
import { plugins } from '../index.ts'
import { withHouse } from './index.ts'
import { openPlugins, pluginOf } from './testing/plugin-folder.ts'

const tenant = `
import { definePlugin, Type } from '@keelson/server/gateway-plugin'

interface Tenant { id: string }

export default definePlugin({
  name: 'tenant',
  priority: 900,
  summary: 'Tells the service whose request it is.',
  schema: Type.Object({
    header: Type.String({ default: 'X-Tenant' }),
    known: Type.Array(Type.String(), { default: [] }),
    deep: Type.Optional(Type.Object({ level: Type.Integer() })),
  }),
  bodyBytes: 1000,
  create: ({ header, known, deep }, host) => ({
    access: async (exchange) => {
      const tenant: Tenant = { id: exchange.request.host.split('.')[0] ?? '' }
      if (exchange.request.path === '/teapot') {
        return exchange.respond({ status: 418, headers: { 'X-Pot': ['a', 'b'] }, body: 'tea' })
      }
      if (!known.includes(tenant.id)) return exchange.refuse(403, 'No such tenant')
      exchange.request.headers.remove('x-secret')
      exchange.request.headers.set(header, tenant.id)
      exchange.request.headers.set('x-body', String(exchange.request.body))
      exchange.request.headers.set('x-deep', String(deep))
      exchange.answerHeaders.add('X-Seen', 'access')
      exchange.notes = tenant
    },
    response: (exchange, response) => {
      if (response.source === 'gateway') return
      response.headers.add('X-Tenant-Of', (exchange.notes as Tenant).id)
      response.headers.remove('X-Inner')
      if (response.status === 404) response.replace({ status: 410, body: 'gone' })
      if (response.status === 202) response.status = 201
    },
    log: (exchange, record) => {
      host.log.info('seen', { status: record.status, notes: exchange.notes })
    },
  }),
})
`

const kongOf = (port: number, plugins: string): string => `
_format_version: "3.0"
services:
- name: app
  url: http://127.0.0.1:${port}
  routes:
  - { name: app, paths: [/] }
${plugins}
`

const echo = () =>
  startOrigin((request, response) => {
    request.resume().on('end', () => {
      response.statusCode = Number(request.headers['x-status'] ?? 200)
      response.setHeader('X-Inner', 'x')
      response.end(JSON.stringify(request.headers))
    })
  })

const config = 'plugins: [{ name: tenant, config: { known: ["127"] } }]'

test('a plugin of one’s own sees, changes, answers and logs', async (t) => {
  await using origin = await echo()
  await using own = await openPlugins({ tenant })
  await using gateway = await openGateway({
    plugins: own.definitions,
    config: kongOf(origin.port, config),
  })

  await t.test('changes what goes to the service, and what comes back', async () => {
    const headers = { 'x-secret': '1' }
    const answer = await gateway.fetch('/', { method: 'POST', body: 'hello', headers })
    const seen = (await answer.json()) as Record<string, string>
    assert.equal(seen['x-tenant'], '127')
    assert.equal(seen['x-body'], 'hello')
    assert.equal(seen['x-deep'], 'undefined')
    assert.equal(seen['x-secret'], undefined)
    assert.equal(answer.headers.get('x-seen'), 'access')
    assert.equal(answer.headers.get('x-tenant-of'), '127')
    assert.equal(answer.headers.get('x-inner'), null)
  })
  await t.test('a body over its limit is not seen, and goes on whole', async () => {
    const answer = await gateway.fetch('/', { method: 'POST', body: 'x'.repeat(2000) })
    const seen = (await answer.json()) as Record<string, string>
    assert.equal(seen['x-body'], 'null')
    assert.equal(seen['content-length'], '2000')
  })
  await t.test('answers by itself', async () => {
    const answer = await gateway.fetch('/teapot')
    assert.equal(answer.status, 418)
    assert.equal(answer.headers.get('x-pot'), 'a, b')
    assert.equal(await answer.text(), 'tea')
  })
  await t.test('refuses in the form of the gateway', async () => {
    const raw = await gateway.raw('GET / HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n')
    assert.match(raw, /^HTTP\/1\.1 403 /)
    assert.match(raw, /"message": ?"No such tenant"/)
  })
  await t.test('replaces an answer, or its status', async () => {
    const gone = await gateway.fetch('/', { headers: { 'x-status': '404' } })
    assert.deepEqual([gone.status, await gone.text()], [410, 'gone'])
    const made = await gateway.fetch('/', { headers: { 'x-status': '202' } })
    assert.equal(made.status, 201)
  })
  await t.test('its lines are in the log, with its notes', () => {
    const seen = own.logged.filter(({ message }) => message === 'seen')
    assert.deepEqual(seen[0]?.facts, {
      plugin: 'tenant',
      facts: { status: 200, notes: { id: '127' } },
    })
  })
})

test('it says who asks; plugins of that consumer apply from there on', async () => {
  const hooks = `{
    access: (exchange) => exchange.authenticate({
      consumer: exchange.request.headers.get('x-user') ?? null,
      groups: ['staff'],
    }),
  }`
  await using origin = await echo()
  await using own = await openPlugins({
    who: pluginOf('who', hooks).replace('900', '1000'), // before acl
  })
  await using gateway = await openGateway({
    plugins: own.definitions,
    config: kongOf(
      origin.port,
      'plugins: [{ name: who }, { name: acl, config: { allow: [staff] } }]\nconsumers: [{ username: ada, acls: [{ group: staff }] }]',
    ),
  })
  const known = await gateway.fetch('/', { headers: { 'x-user': 'ada' } })
  assert.equal(((await known.json()) as Record<string, string>)['x-consumer-username'], 'ada')
  const unknown = await gateway.fetch('/', { headers: { 'x-user': 'eve' } })
  assert.equal(unknown.status, 500)
  assert.deepEqual(gateway.warnings, ['plugin failed'])
})

test('configuration is checked by its schema, with the fields of all own plugins', async () => {
  await using own = await openPlugins({ tenant })
  const read = (plugin: string) =>
    readGatewayConfig(
      { text: `_format_version: "3.0"\nplugins:\n- ${plugin}\n`, file: 'kong.yml' },
      { environment: {}, plugins: own.table },
    )
  assert.deepEqual(read('{ name: tenant }').config.plugins[0]?.config, {
    header: 'X-Tenant',
    known: [],
    timeout_ms: 200,
    on_failure: 'refuse',
  })
  const [fault] = read('{ name: tenant, config: { known: 7, colour: red } }').faults
  assert.equal(fault?.line, 3)
  assert.match(JSON.stringify(read('{ name: tenant, config: { colour: red } }').faults), /colour/)
})

/** By the name of the folder. */
const unloadable: Record<string, { source: string; says: RegExp }> = {
  throws: { source: 'throw new Error("no database")', says: /no database/ },
  'no-typescript': { source: 'const = ', says: /cannot be loaded/ },
  'exports-nothing': { source: 'export const a = 1', says: /no `export default/ },
  'ends-at-once': { source: 'process.exit(7)', says: /exit code 7/ },
  'another-name': { source: pluginOf('other', '{}'), says: /its name is other/ },
  'field-of-the-gateway': {
    source: `export default { name: 'field-of-the-gateway', priority: 1, summary: '', create: () => ({}),
      schema: { type: 'object', properties: { on_failure: { type: 'string' } } } }`,
    says: /field on_failure of the gateway/,
  },
  'bad-priority': {
    source: pluginOf('bad-priority', '{}').replace('900', "'high'"),
    says: /priority/,
  },
  'writes-files': {
    source: "import fs from 'node:fs'\nfs.writeFileSync('/tmp/own-plugin', '')",
    says: /permission|restricted/i,
  },
  'starts-processes': {
    source: "import c from 'node:child_process'\nc.execSync('true')",
    says: /permission|restricted/i,
  },
  cors: { source: pluginOf('cors', '{}'), says: /this name/ },
}

test('a plugin that cannot be loaded says why, and refuses to be configured', async (t) => {
  const sources = Object.entries(unloadable).map(([name, { source }]) => [name, source])
  await using own = await openPlugins({
    ...(Object.fromEntries(sources) as Record<string, string>),
    fine: pluginOf('fine', '{}'),
  })
  const problems = new Map(own.kinds().map((kind) => [kind.name, kind.problem]))
  assert.equal(problems.get('fine'), null)
  for (const [name, { says }] of Object.entries(unloadable)) {
    await t.test(name, () => {
      assert.match(problems.get(name) ?? '', says)
      const { faults } = readGatewayConfig(
        { text: `_format_version: "3.0"\nplugins:\n- name: ${name}\n`, file: 'kong.yml' },
        { environment: {}, plugins: own.table },
      )
      assert.deepEqual([faults.length, faults[0]?.line], [1, 3])
      assert.match(faults[0]?.message ?? '', says)
    })
  }
  await t.test('the house keeps its own of the same name', () => {
    assert.equal(withHouse(own).table.get('cors'), plugins.get('cors'))
  })
})

test('what was accepted before is judged again where it runs', async () => {
  await using origin = await echo()
  await using own = await openPlugins({ tenant, broken: 'throw new Error("no database")' })
  const kept = (plugin: string) =>
    readGatewayConfig(
      { text: kongOf(origin.port, `plugins: [${plugin}]`), file: 'kong.yml' },
      { environment: {}, plugins: withHouse(own).keptTable },
    ).config
  await using gateway = await openGateway({
    plugins: own.definitions,
    config: kept('{ name: tenant, config: { known: ["127"] } }'),
  })
  // Its defaults were not filled in when it was read.
  const seen = (await (await gateway.fetch('/')).json()) as Record<string, string>
  assert.equal(seen['x-tenant'], '127')
  const statuses: [plugin: string, status: number][] = [
    ['{ name: tenant, config: { colour: red } }', 500],
    ['{ name: broken }', 500],
    ['{ name: broken, config: { on_failure: continue } }', 200],
  ]
  for (const [plugin, status] of statuses) {
    await gateway.apply(kept(plugin))
    assert.equal((await gateway.fetch('/')).status, status, plugin)
  }
})
