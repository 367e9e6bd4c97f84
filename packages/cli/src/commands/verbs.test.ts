import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createPlatformFixture,
  runKeelson,
  type Answer,
  type Call,
} from '../testing/platform-fixture.ts'

const at = '2026-01-01T00:00:00.000Z'

const stack = {
  name: 'shop',
  workingDir: '/nowhere',
  files: [],
  demo: false,
  builtIn: false,
  revision: 3,
  appliedAt: at,
  services: ['web'],
}

const web = { id: 'shop/web', name: 'web', stack: 'shop', state: 'healthy', reason: '' }
const instance = (index: number) => ({
  service: 'web',
  stack: 'shop',
  instance: `shop-web-${index}`,
  runtime: 'process',
  pid: 100 + index,
  container_id: null,
  state: 'running',
  health: 'healthy',
  reason: '',
  restarts: 0,
  ports: [],
})

const rollout = {
  service: 'shop/web',
  strategy: 'rolling',
  phase: 'rolling_back',
  fromRevision: 2,
  toRevision: 3,
  done: 1,
  total: 2,
  text: 'asked for',
  startedAt: at,
  endedAt: null,
  canRollBack: false,
}

const plan = { stack: 'shop', revision: 4, digest: 'd', actions: [], unchanged: ['shop-web-1'] }

const usage = (cpuCores: number | null) => ({
  at,
  instances: [
    {
      instance: 'shop-web-1',
      service: 'web',
      cpuCores,
      memoryBytes: 52_428_800,
      memoryLimitBytes: null,
      processes: 3,
    },
  ],
})

const noState = { stack, services: [], drift: [], rollouts: [], checkedAt: at }

const createAnswers = (instances = 1) => {
  let looks = 0
  return ({ method, path }: Call): Answer | undefined => {
    const answers: Record<string, unknown> = {
      'GET /api/v1/stacks': { items: [stack], nextCursor: null },
      'GET /api/v1/instances': Array.from({ length: instances }, (_, n) => instance(n + 1)),
      'GET /api/v1/services/web': web,
      'GET /api/v1/stacks/shop/state': { ...noState, services: [{ summary: web, instances: [] }] },
      'GET /api/v1/services/shop/web': web,
      'POST /api/v1/services/web/start': web,
      'POST /api/v1/services/web/stop': web,
      'PUT /api/v1/services/web/scale': web,
      'POST /api/v1/services/web/rollback': rollout,
      'POST /api/v1/stacks/shop/rollback': plan,
      'GET /api/v1/stacks/shop/revisions': {
        items: [
          { revision: 3, appliedAt: at, actor: 'me', text: 'web: image changed', current: true },
          { revision: 2, appliedAt: at, actor: 'me', text: 'First applied', current: false },
        ],
        nextCursor: null,
      },
    }
    if (path === '/api/v1/stacks/shop/usage') return { body: usage((looks += 1) > 1 ? 0.5 : null) }
    const body = answers[`${method} ${path}`]
    return body === undefined ? undefined : { body }
  }
}

type Case = {
  args: string[]
  /** Of the change that is asked for. */
  asks?: { method: string; path: string; query?: Record<string, string>; body?: unknown }
  code?: number
  stdout?: RegExp
  stderr?: RegExp
  instances?: number
}

const cases: Case[] = [
  {
    args: ['start', 'web'],
    asks: { method: 'POST', path: '/api/v1/services/web/start', query: { stack: 'shop' } },
    stderr: /shop\/web is healthy after/,
  },
  {
    args: ['stop', 'web'],
    instances: 0,
    asks: { method: 'POST', path: '/api/v1/services/web/stop', query: { stack: 'shop' } },
    stderr: /Stopped shop\/web; .*keelson start shop\/web/,
  },
  {
    args: ['stop', '--only', 'web'],
    instances: 0,
    asks: {
      method: 'POST',
      path: '/api/v1/services/web/stop',
      query: { stack: 'shop', only: 'true' },
    },
  },
  {
    args: ['scale', 'web=3'],
    instances: 3,
    asks: { method: 'PUT', path: '/api/v1/services/web/scale', body: { replicas: 3 } },
  },
  {
    args: ['scale', 'web=3', '--wait-timeout', '0.2'],
    asks: { method: 'PUT', path: '/api/v1/services/web/scale' },
    code: 6,
    stderr: /web is healthy 0.2 s after it was scaled to 3: it has shop-web-1 running\n/,
  },
  { args: ['scale', 'web'], code: 2, stderr: /web is not <service>=<number>/ },
  {
    args: ['scale', 'web=101'],
    code: 2,
    stderr:
      /web cannot have 101 instances: a service has at most 100\n {2}Try: keelson scale web=100/,
  },
  { args: ['scale', 'web=200000'], code: 2, stderr: /web cannot have 200000 instances/ },
  {
    args: ['up', '--scale', 'web=101'],
    code: 2,
    stderr: /A service has at most 100 instances, and web is to have 101/,
  },
  {
    args: ['rollback', 'web'],
    asks: { method: 'POST', path: '/api/v1/services/web/rollback', query: { stack: 'shop' } },
    stderr: /The update of shop\/web to revision 3 is taken back: asked for/,
  },
  {
    args: ['rollback', '--to', '2'],
    asks: { method: 'POST', path: '/api/v1/stacks/shop/rollback', body: { revision: 2 } },
    stderr: /shop is at revision 4: nothing to do; 1 instance stays as it is/,
  },
  {
    args: ['rollback', '--dry-run'],
    asks: {
      method: 'POST',
      path: '/api/v1/stacks/shop/rollback',
      query: { dryRun: 'true' },
      body: {},
    },
  },
  { args: ['rollback', 'web', '--to', '2'], code: 2, stderr: /are for the whole stack/ },
  { args: ['history'], stdout: /^REVISION .*\n3 \(now\) .* me {2}web: image changed\n2 / },
  { args: ['top'], stdout: /^INSTANCE .*\nshop-web-1 {2}50\.0 % +50\.0 MiB +3$/m },
]

for (const { args, asks, code = 0, stdout, stderr, instances } of cases) {
  test(`keelson ${args.join(' ')}`, async () => {
    await using platform = await createPlatformFixture(createAnswers(instances))
    const env = { ...platform.env, COMPOSE_PROJECT_NAME: 'shop' }
    const ended = await runKeelson(args, { env })
    assert.equal(ended.code, code, ended.stderr)
    if (stdout !== undefined) assert.match(ended.stdout, stdout)
    if (stderr !== undefined) assert.match(ended.stderr, stderr)
    const change = platform.calls.find(({ method }) => method !== 'GET')
    if (asks === undefined) return assert.equal(change, undefined)
    assert.deepEqual([change?.method, change?.path], [asks.method, asks.path])
    if (asks.query !== undefined) {
      assert.partialDeepStrictEqual(Object.fromEntries(change?.query ?? []), asks.query)
    }
    if (asks.body !== undefined) assert.deepEqual(change?.body, asks.body)
  })
}

test('scale counts those that serve, and not the side of blue-green that is kept', async () => {
  const answers = createAnswers(5)
  const placed = [1, 2, 3, 4, 5].map((n) => ({ name: `shop-web-${n}`, standby: n < 3 }))
  await using platform = await createPlatformFixture((call) =>
    call.path === '/api/v1/stacks/shop/state'
      ? { body: { ...noState, services: [{ summary: web, instances: placed }] } }
      : answers(call),
  )
  const env = { ...platform.env, COMPOSE_PROJECT_NAME: 'shop' }
  const { code, stderr } = await runKeelson(['scale', 'web=3'], { env })
  assert.equal(code, 0, stderr)
})

test('status tells what is not as it was applied, where, and what mends it', async () => {
  const drift = {
    kind: 'source_changed',
    service: null,
    instance: null,
    text: 'compose.yaml has changed',
    since: at,
    file: '/nowhere/compose.yaml',
    command: 'keelson up',
  }
  const answers = createAnswers()
  await using platform = await createPlatformFixture((call) => {
    const { path } = call
    if (path === '/api/v1/stacks/shop/state') {
      return { body: { stack, services: [], drift: [drift], rollouts: [rollout], checkedAt: at } }
    }
    if (path === '/api/v1/services/status') {
      return { body: { total_services: 0, healthy_services: 0, services: {}, timestamp: at } }
    }
    return answers(call)
  })
  const { stdout } = await runKeelson(['status', '--stack', 'shop'], { env: platform.env })
  assert.match(stdout, /^updates of shop\n↻ shop\/web {2}rolling, rolling back, 1 of 2: asked for/m)
  assert.match(stdout, /^shop: not as applied\n! /m)
  assert.match(
    stdout,
    /^! compose\.yaml has changed {2}\S*compose\.yaml, for .*\n {2}Try: keelson up$/m,
  )
})

test('logs --since shows all that is younger, however many', async () => {
  const line = (seconds: number) => ({
    cursor: String(seconds),
    at: new Date(Date.now() - seconds * 1000).toISOString(),
    instance: 'shop-web-1',
    stream: 'stdout',
    text: `${seconds} s old`,
  })
  const answers = createAnswers()
  await using platform = await createPlatformFixture((call) => {
    if (!call.path.endsWith('/logs')) return answers(call)
    const items = [line(7200), line(3000), line(10)]
    return { body: { items, previousCursor: null, nextCursor: '10' } }
  })
  const { stdout } = await runKeelson(['logs', '--since', '1h', '--no-prefix'], {
    env: platform.env,
  })
  assert.equal(stdout, '3000 s old\n10 s old\n')
})

test('up tells what it has no flag for, and the way that leads there', async () => {
  for (const flag of ['--force-recreate', '--no-recreate', '--remove-orphans', '--no-start']) {
    const { code, stderr } = await runKeelson(['up', flag])
    assert.equal(code, 2)
    assert.match(stderr, new RegExp(`no ${flag}\\n {2}Try: `))
  }
})

const service = (name: string, dependsOn: string[], stoppedBy: string | null) => ({
  summary: { ...web, id: `shop/${name}`, name, dependsOn, runtime: 'process' },
  ...{ stoppedBy, instances: [] },
})

/** A stack of web, which needs api; every stop takes along what the platform would. */
const createPair = () => {
  const stopped = new Set<string>()
  const answers = createAnswers(0)
  const by = (name: string) => (stopped.has(name) ? 'the local command line' : null)
  return (call: Call): Answer | undefined => {
    const { method, path } = call
    const services = [service('web', ['shop/api'], by('web')), service('api', [], by('api'))]
    if (path === '/api/v1/stacks/shop/state') return { body: { ...noState, services } }
    const name = /^\/api\/v1\/services\/(\w+)/.exec(path)?.[1] ?? ''
    const found = services.find(({ summary }) => summary.name === name)?.summary
    if (method === 'POST' && path.endsWith('/stop')) {
      stopped.add('web')
      if (name === 'api') stopped.add('api')
    }
    return found === undefined ? answers(call) : { body: found }
  }
}

const postsOf = (calls: readonly Call[]): string[] =>
  calls.filter(({ method }) => method === 'POST').map(({ path }) => path.replace('/api/v1/', ''))

test('stop names what it stops along, and ps and status say that a person did it', async () => {
  await using platform = await createPlatformFixture(createPair())
  const env = { ...platform.env, COMPOSE_PROJECT_NAME: 'shop' }
  const { code, stderr } = await runKeelson(['stop', 'api'], { env })
  assert.equal(code, 0, stderr)
  assert.match(stderr, /Stopping shop\/api, and what needs it: shop\/web/)
  assert.match(stderr, /Stopped shop\/web; .*\nStopped shop\/api; /)
  const { stdout } = await runKeelson(['ps'], { env })
  assert.match(stdout, /^shop-web-1 .* stopped by the local command line /m)
  assert.match(stdout, /^shop-api-1 .* stopped by the local command line /m)
})

for (const [verb, names] of [
  ['stop', ['web', 'api']],
  ['start', ['api', 'web']],
  ['restart', ['api', 'web']],
] as const) {
  test(`keelson ${verb} without a service is about the whole stack, in order`, async () => {
    await using platform = await createPlatformFixture(createPair())
    const env = { ...platform.env, COMPOSE_PROJECT_NAME: 'shop' }
    const options = verb === 'stop' ? [] : ['--no-wait']
    const { code, stderr } = await runKeelson([verb, ...options], { env })
    assert.equal(code, 0, stderr)
    const expected = names.map((name) => `services/${name}/${verb}`)
    assert.deepEqual(postsOf(platform.calls), expected)
  })
}

test('history and status tell of an update that was rolled back, and do not repeat it', async () => {
  const text = 'shop-web-1: exit code 7; next start in 0.1 s'
  const takenBack = { ...rollout, service: 'web', phase: 'rolled_back', endedAt: at, text }
  const drift = {
    ...{ kind: 'instance_altered', service: 'web', instance: 'shop-web-1', since: at },
    ...{ text: 'shop-web-1 still runs revision 2', command: 'keelson up' },
  }
  const answers = createAnswers()
  await using platform = await createPlatformFixture((call) => {
    if (call.path === '/api/v1/stacks/shop/state') {
      return { body: { ...noState, drift: [drift], rollouts: [takenBack] } }
    }
    if (call.path === '/api/v1/services/status') {
      return { body: { total_services: 0, healthy_services: 0, services: {}, timestamp: at } }
    }
    return answers(call)
  })
  const env = { ...platform.env, COMPOSE_PROJECT_NAME: 'shop' }
  const { stdout: told } = await runKeelson(['history'], { env })
  assert.match(told, /^3 \(now\) .* ✗ web was rolled back \(shop-web-1: exit code 7\): web: image/m)
  const { stdout } = await runKeelson(['status', '--stack', 'shop'], { env })
  assert.match(
    stdout,
    /^✗ web: the update to revision 3 was rolled back because shop-web-1: exit code 7\n {2}Try: fix the file, then keelson up$/m,
  )
  assert.doesNotMatch(stdout, /still runs|Try: keelson up$/m)
})
