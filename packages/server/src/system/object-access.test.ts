import assert from 'node:assert/strict'
import { test } from 'node:test'
import { objectName, type Permission } from '@keelson/contract'
import type { Actor } from '../kernel/actor.ts'
import { systemClock } from '../kernel/clock.ts'
import { createHttp } from '../kernel/http.ts'
import { quietLog, signedIn } from '../kernel/testing/index.ts'
import { serviceSpec } from '../orchestrator/testing/spec.ts'
import { createRegistry, findServiceIn } from '../registry/index.ts'

/** Who may do this on these objects, and nothing else. */
const allowed = (...rights: readonly (readonly [Permission, string])[]): Actor => ({
  ...signedIn(rights.map(([permission]) => permission)),
  may: (permission, object) =>
    rights.some(([held, name]) => held === permission && covers(name, objectName(object))),
})

const covers = (name: string, object: string): boolean =>
  object === name || (name.startsWith('stack:') && object.startsWith(`service:${name.slice(6)}/`))

const declare = (registry: ReturnType<typeof createRegistry>, stack: string, name: string): void =>
  registry.declare({
    ...{ id: `${stack}/${name}`, stack, spec: serviceSpec(name) },
    ...{ builtIn: false, upstreams: [], injected: {} },
  })

/** Routes that answer with the object they were let in to. */
const open = async (actor: Actor) => {
  const denied: string[] = []
  const about: (string | null)[] = []
  const recorder = { record: () => {}, flush: () => Promise.resolve(true), stop: () => {} }
  const registry = createRegistry({ db: {} as never, recorder, clock: systemClock })
  for (const id of ['shop/web', 'shop/api', 'blog/web']) {
    const [stack = '', name = ''] = id.split('/')
    declare(registry, stack, name)
  }
  const http = await createHttp({
    clock: systemClock,
    ...{ log: quietLog, newId: () => 'r-1', hostNames: ['localhost'] },
    authenticate: async () => actor,
    onDenied: async (_actor, { endpoint, object }) => {
      denied.push(endpoint)
      about.push(object === null ? null : objectName(object))
    },
  })
  http.useServices(findServiceIn(registry), (stack) => ['shop', 'blog'].includes(stack))
  const answers = { restartService: 'name', getStack: 'stack', rollBackStack: 'stack' } as const
  for (const [endpoint, param] of Object.entries(answers)) {
    http.route(endpoint as keyof typeof answers, ({ params }) => {
      const { [param]: name } = params as Record<string, string>
      return { name } as never
    })
  }
  http.route('purgeGatewayCache', () => ({ removed: 1 }))
  http.route('stopSystem', () => undefined)
  const ask = async (method: 'GET' | 'POST', url: string): Promise<string> => {
    const { statusCode, body } = await http.app.inject({
      ...{ method, url, headers: { host: 'localhost' } },
      ...(method === 'POST' ? { payload: {} } : {}),
    })
    const answer: Record<string, string> = body === '' ? {} : JSON.parse(body)
    const { name, code, detail } = answer
    return `${statusCode} ${name ?? (code === undefined ? '' : `${code}: ${detail}`)}`.trim()
  }
  return { ask, denied, about, [Symbol.asyncDispose]: () => http.close() }
}

const restart = (name: string) => ['POST', `/api/v1/services/${name}/restart`] as const
const restarter = allowed(['services:restart', 'stack:shop'])

const cases: [string, Actor, readonly ['GET' | 'POST', string], string][] = [
  [
    'who may restart one service restarts it',
    ...([allowed(['services:restart', 'service:shop/web']), restart('shop%2Fweb')] as const),
    '200 shop/web',
  ],
  [
    'a short name means the one that may be seen',
    ...([allowed(['services:restart', 'stack:blog']), restart('web')] as const),
    '200 blog/web',
  ],
  [
    'a short name of two that may be seen is refused with both',
    allowed(['services:restart', 'stack:blog'], ['services:read', 'stack:shop']),
    restart('web'),
    '409 service_ambiguous: web is in several stacks: shop, blog',
  ],
  [
    'a service that may be read and not restarted is refused with what is missing',
    allowed(['services:restart', 'stack:shop'], ['services:read', 'stack:blog']),
    restart('blog%2Fweb'),
    '403 forbidden: This takes the permission services:restart on service:blog/web',
  ],
  [
    'a service that may not be read is not there',
    ...([restarter, restart('blog%2Fweb')] as const),
    '404 service_not_found: There is no service blog/web',
  ],
  [
    'and one that is not there answers the same',
    ...([restarter, restart('blog%2Fother')] as const),
    '404 service_not_found: There is no service blog/other',
  ],
  [
    'a stack that may not be read is not there, whether it is or not',
    ...([allowed(['stacks:read', 'stack:shop']), ['GET', '/api/v1/stacks/blog']] as const),
    '404 stack_not_found: There is no stack blog',
  ],
  [
    'a stack that may only be read is not rolled back',
    allowed(['stacks:read', 'stack:blog'], ['stacks:write', 'stack:shop']),
    ['POST', '/api/v1/stacks/blog/rollback'],
    '403 forbidden: This takes the permission stacks:write on stack:blog',
  ],
  [
    'who may stop only one stack stops no platform',
    ...([allowed(['system:stop', 'stack:shop']), ['POST', '/api/v1/system/stop']] as const),
    '403 forbidden: This takes the permission system:stop on platform',
  ],
  [
    'without the permission anywhere nothing is looked for',
    ...([allowed(['services:read', 'stack:shop']), restart('none')] as const),
    '403 forbidden: This takes the permission services:restart',
  ],
]
for (const [what, actor, request, answer] of cases) {
  test(what, async () => {
    await using platform = await open(actor)
    assert.equal(await platform.ask(...request), answer)
  })
}

test('what is hidden is a denial for the audit, what is not there is none', async () => {
  await using platform = await open(restarter)
  await platform.ask(...restart('nothing'))
  assert.deepEqual(platform.denied, [])
  await platform.ask(...restart('blog%2Fweb'))
  assert.deepEqual(platform.denied, ['POST /api/v1/services/:name/restart'])
})

test('a denial names what was asked for, if it is there: also what is hidden', async () => {
  await using platform = await open(restarter)
  await platform.ask(...restart('blog%2Fweb'))
  await platform.ask('POST', '/api/v1/stacks/shop/rollback')
  await platform.ask('POST', '/api/v1/stacks/nothing/rollback')
  await platform.ask('POST', '/api/v1/gateway/caches/purge')
  await platform.ask('POST', '/api/v1/system/stop')
  assert.deepEqual(platform.about, ['service:blog/web', 'stack:shop', null, 'gateway', null])
})

test('a denial names what was asked for when it is the second factor that is missing', async () => {
  const without = { ...restarter, permissions: new Set<never>(), factorNeeded: true }
  await using platform = await open(without)
  await platform.ask(...restart('shop%2Fweb'))
  await platform.ask(...restart('shop%2Fnothing'))
  assert.deepEqual(platform.about, ['service:shop/web', null])
})

test('the gateway is an object of its own', async () => {
  const purge = ['POST', '/api/v1/gateway/caches/purge'] as const
  await using editor = await open(allowed(['gateway:write', 'gateway']))
  assert.equal(await editor.ask(...purge), '200')
  await using ofStack = await open(allowed(['gateway:write', 'stack:shop']))
  assert.match(await ofStack.ask(...purge), /^403 forbidden: .* on gateway$/)
})
