import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { GatewayConfig } from '../../config/model.ts'
import { aConfig, aConsumer, aKey, aPlugin, aRoute, openGateway } from '../../testing/gateway.ts'
import { app, echo, echoOf, knowing, plugin } from './testing.ts'

/** Says that it ran, in a header of the request. */
const mark = (name: string, priority: number) =>
  plugin(name, priority, (config) => ({
    access: ({ request }) => request.headers.add('x-ran', `${name}:${String(config['say'])}`),
  }))

const scopes: {
  title: string
  plugins: { say: string; route?: string; service?: string; consumer?: string }[]
  expected: string | undefined
}[] = [
  { title: 'global', plugins: [{ say: 'g' }], expected: 'g' },
  {
    title: 'service before global',
    plugins: [{ say: 'g' }, { say: 's', service: 'app' }],
    expected: 's',
  },
  {
    title: 'route before service',
    plugins: [
      { say: 's', service: 'app' },
      { say: 'r', route: 'app' },
    ],
    expected: 'r',
  },
  {
    title: 'consumer before route',
    plugins: [
      { say: 'r', route: 'app' },
      { say: 'c', consumer: 'ann' },
    ],
    expected: 'c',
  },
  {
    title: 'route and service before consumer',
    plugins: [
      { say: 'c', consumer: 'ann' },
      { say: 'rs', route: 'app', service: 'app' },
    ],
    expected: 'rs',
  },
  {
    title: 'service and consumer before route and service',
    plugins: [
      { say: 'rs', route: 'app', service: 'app' },
      { say: 'sc', service: 'app', consumer: 'ann' },
    ],
    expected: 'sc',
  },
  {
    title: 'route and consumer before service and consumer',
    plugins: [
      { say: 'sc', service: 'app', consumer: 'ann' },
      { say: 'rc', route: 'app', consumer: 'ann' },
    ],
    expected: 'rc',
  },
  {
    title: 'all three before any pair',
    plugins: [
      { say: 'rc', route: 'app', consumer: 'ann' },
      { say: 'rsc', route: 'app', service: 'app', consumer: 'ann' },
    ],
    expected: 'rsc',
  },
  { title: 'somebody else’s', plugins: [{ say: 'c', consumer: 'bob' }], expected: undefined },
  { title: 'another route’s', plugins: [{ say: 'r', route: 'other' }], expected: undefined },
]

test('of one plugin the most specific configuration runs, and only that', async (t) => {
  await using origin = await echo()
  for (const { title, plugins, expected } of scopes) {
    await t.test(title, async () => {
      await using gateway = await openGateway({
        plugins: [knowing, mark('mark', 500)],
        config: app(origin.port, {
          consumers: [aConsumer('ann'), aConsumer('bob')],
          plugins: [
            aPlugin('knowing'),
            ...plugins.map(({ say, ...scope }) => aPlugin('mark', { say }, scope)),
          ],
        }),
      })
      const { headers } = await echoOf(await gateway.fetch('/', { headers: { 'x-user': 'ann' } }))
      assert.equal(headers['x-ran'], expected === undefined ? undefined : `mark:${expected}`)
    })
  }
})

test('plugins run by priority; a consumer’s own apply from its authentication on', async () => {
  await using origin = await echo()
  await using gateway = await openGateway({
    plugins: [mark('early', 2000), knowing, mark('late', 10), mark('between', 500)],
    config: app(origin.port, {
      consumers: [aConsumer('ann', { custom_id: '7' })],
      credentials: [aKey('ann', 'k')],
      plugins: [
        aPlugin('late', { say: 'all' }),
        aPlugin('early', { say: 'all' }),
        aPlugin('early', { say: 'ann' }, { consumer: 'ann' }),
        aPlugin('between', { say: 'ann' }, { consumer: 'ann' }),
        aPlugin('knowing'),
      ],
    }),
  })
  const headers = { 'x-user': 'ann', 'x-consumer-id': 'forged', 'x-anonymous-consumer': 'true' }
  const seen = await echoOf(await gateway.fetch('/', { headers }))
  assert.equal(seen.headers['x-ran'], 'early:all, between:ann, late:all')
  assert.equal(seen.headers['x-consumer-id'], 'ann')
  assert.equal(seen.headers['x-consumer-username'], 'ann')
  assert.equal(seen.headers['x-consumer-custom-id'], '7')
  assert.equal(seen.headers['x-credential-identifier'], 'key of it')
  assert.equal(seen.headers['x-anonymous-consumer'], undefined)
})

test('an access hook that answers leaves out the rest, but not response and log', async () => {
  await using origin = await echo()
  const told: string[] = []
  const told_ = (name: string, priority: number) =>
    plugin(name, priority, () => ({
      access: () => void told.push(`${name} access`),
      response: (_exchange, response) => {
        told.push(`${name} response ${response.source}`)
        response.headers.add('x-seen', name)
      },
      log: (_exchange, { status, source }) => void told.push(`${name} log ${status} ${source}`),
    }))
  await using gateway = await openGateway({
    plugins: [told_('first', 2000), knowing, told_('last', 10)],
    config: app(origin.port, {
      plugins: [aPlugin('first'), aPlugin('knowing'), aPlugin('last')],
    }),
  })
  const answer = await gateway.fetch('/', { method: 'POST', body: 'x'.repeat(100_000) })
  assert.equal(answer.status, 401)
  const body = (await answer.json()) as { message: string; request_id: string }
  assert.equal(body.message, 'Unauthorized')
  assert.equal(answer.headers.get('x-kong-request-id'), body.request_id)
  assert.match(answer.headers.get('x-kong-response-latency') ?? '', /^\d+$/)
  assert.equal(answer.headers.get('x-seen'), 'first, last')
  assert.deepEqual(told, [
    'first access',
    'first response gateway',
    'last response gateway',
    'first log 401 gateway',
    'last log 401 gateway',
  ])
})

test('hooks may wait', async () => {
  await using origin = await echo()
  const slow = plugin('slow', 10, () => ({
    access: async ({ request }) => {
      await new Promise(setImmediate)
      request.headers.add('x-late', 'yes')
    },
    response: async (_exchange, response) => {
      await new Promise(setImmediate)
      response.headers.add('x-late', 'yes')
    },
  }))
  await using gateway = await openGateway({
    plugins: [slow],
    config: app(origin.port, { plugins: [aPlugin('slow')] }),
  })
  const answer = await gateway.fetch('/', { method: 'POST', body: 'y'.repeat(200_000) })
  assert.equal(answer.headers.get('x-late'), 'yes')
  const seen = await echoOf(answer)
  assert.equal(seen.headers['x-late'], 'yes')
  assert.equal(seen.body.length, 200_000)
})

test('a hook that fails: 500 from access; response and log go on without it', async () => {
  await using origin = await echo()
  const failing = plugin('failing', 10, (config) => {
    const fail = (): never => {
      throw new Error('broken')
    }
    const late = async (): Promise<void> => {
      await Promise.resolve()
      fail()
    }
    const hook = config['late'] === true ? late : fail
    if (config['hook'] === 'access') return { access: hook }
    return config['hook'] === 'log' ? { log: fail } : { response: hook }
  })
  for (const hook of ['access', 'response', 'log']) {
    for (const late of [false, true]) {
      await using gateway = await openGateway({
        plugins: [failing],
        config: app(origin.port, { plugins: [aPlugin('failing', { hook, late })] }),
      })
      const answers = await Promise.all([gateway.fetch('/'), gateway.fetch('/')])
      for (const answer of answers) {
        assert.equal(answer.status, hook === 'access' ? 500 : 200, hook)
        const text = await answer.text()
        if (hook === 'access') assert.match(text, /An unexpected error occurred/)
      }
      assert.deepEqual(gateway.warnings, ['plugin failed'], 'at most one line a second')
    }
  }
})

test('an instance lives as long as its configuration is the same, and is closed after its last request', async () => {
  await using origin = await echo()
  const told: string[] = []
  let made = 0
  const counting = plugin('counting', 10, () => {
    made += 1
    const name = `#${made}`
    told.push(`${name} made`)
    return {
      access: ({ request }) => request.headers.set('x-instance', name),
      close: () => void told.push(`${name} closed`),
    }
  })
  const at = (a: number, paths: string[]): GatewayConfig => ({
    ...app(origin.port, { plugins: [aPlugin('counting', { a })] }),
    routes: [aRoute('app', 'app', { paths })],
  })
  await using gateway = await openGateway({ plugins: [counting], config: at(1, ['/']) })
  const instance = async () => (await echoOf(await gateway.fetch('/'))).headers['x-instance']
  assert.equal(await instance(), '#1')
  await gateway.apply(at(1, ['/', '/other']))
  assert.equal(await instance(), '#1')
  await gateway.apply(at(2, ['/']))
  assert.equal(await instance(), '#2')
  assert.deepEqual(told, ['#1 made', '#2 made', '#1 closed'])
})

test('a route without a service is answered by its plugins, or 503', async () => {
  const answering = plugin('answering', 10, () => ({
    access: (exchange) => exchange.respond({ status: 200, body: 'by a plugin' }),
  }))
  await using gateway = await openGateway({
    plugins: [answering],
    config: aConfig({
      routes: [
        aRoute('with', null, { paths: ['/with'] }),
        aRoute('without', null, { paths: ['/without'] }),
      ],
      plugins: [aPlugin('answering', {}, { route: 'with' })],
    }),
  })
  assert.equal(await (await gateway.fetch('/with')).text(), 'by a plugin')
  const without = await gateway.fetch('/without')
  assert.equal(without.status, 503)
  assert.match(await without.text(), /no Service found with those values/)
})
