import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ServiceSpec, StackSpec } from '@keelson/contract'
import { changedFiles } from './change-origins.ts'
import { digestOfParts, partsOf, type Part } from './parts.ts'
import {
  dependencyLevels,
  planStack,
  type PlanInput,
  type PlannedService,
  type PresentInstance,
} from './plan.ts'
import { instanceName } from '../places.ts'
import { containerSpec, needs, serviceSpec, stackSpec } from '../testing/spec.ts'

const origin = { file: '/shop/compose.yaml', line: 3, column: 3 }
const api = serviceSpec('api', { dependsOn: [needs('db')], origins: { '': [origin] } })
const db = serviceSpec('db')
const shop = (...services: ServiceSpec[]): StackSpec =>
  stackSpec('shop', services, { workingDir: '/shop' })

const plannedOf = (
  stack: StackSpec,
  former: StackSpec | null = stack,
  content: Record<string, Part[]> = {},
  formerContent: Record<string, Part[]> = content,
): PlannedService[] =>
  stack.services.map((spec) => {
    const parts = partsOf(spec, { injected: {}, content: content[spec.name] ?? [] })
    const before = former?.services.find(({ name }) => name === spec.name)
    const given = { injected: {}, content: formerContent[spec.name] ?? [] }
    return {
      ...{ spec, parts, digest: digestOfParts(parts) },
      instances: Array.from({ length: spec.replicas }, (_, at) =>
        instanceName(stack.name, spec.name, at + 1),
      ),
      scaled: null,
      applied: before === undefined ? null : { spec: before, parts: partsOf(before, given) },
    }
  })

/** Everything of a stack runs as it is applied. */
const presentOf = (stack: StackSpec, services = plannedOf(stack)): PresentInstance[] =>
  services.flatMap(({ spec, instances, applied }) =>
    instances.map((name) => {
      const parts = applied?.parts ?? []
      return { name, service: spec.name, parts, digest: digestOfParts(parts), up: true, reason: '' }
    }),
  )

const input = (stack: StackSpec, former: StackSpec | null, more: Partial<PlanInput> = {}) => {
  const whole: PlanInput = {
    ...{
      stack,
      revision: 1,
      former: former?.services ?? [],
      changedFiles: changedFiles(stack.sources, former?.sources ?? []),
    },
    services: plannedOf(stack, former),
    present: former === null ? [] : presentOf(former),
    ...{ foreign: [], missing: [], missingDatabases: [], gateway: null },
    ...more,
  }
  return whole
}
const said = (plan: ReturnType<typeof planStack>): string[] =>
  plan.actions.map(({ id, cause }) => `${id} because ${cause}`)

const both = shop(api, db)
const withApi = (more: Partial<ServiceSpec>): StackSpec => shop({ ...api, ...more }, db)
const place = { file: '/shop/compose.yaml', line: 14, column: 7 }
const envFile = { file: '/shop/api.env', line: 2, column: 1 }

const cases: [name: string, to: StackSpec, from: StackSpec | null, actions: string[]][] = [
  ['nothing changed', both, both, []],
  [
    'a new stack',
    both,
    null,
    [
      'start_instance:shop-db-1 because it does not run yet',
      'start_instance:shop-api-1 because it does not run yet',
    ],
  ],
  [
    'a variable',
    withApi({ environment: { DB_URL: 'b' }, origins: { 'environment.DB_URL': [place] } }),
    withApi({ environment: { DB_URL: 'a' } }),
    ['replace_instance:shop-api-1 because environment.DB_URL changed (compose.yaml:14)'],
  ],
  [
    'a variable of an env file',
    withApi({ environment: { MODE: 'fast' }, origins: { 'environment.MODE': [envFile, place] } }),
    both,
    ['replace_instance:shop-api-1 because environment.MODE was added (api.env:2)'],
  ],
  [
    'many things at once',
    withApi({ environment: { A: '1', B: '2', C: '3' }, user: 'app' }),
    both,
    [
      'replace_instance:shop-api-1 because environment.A was added (compose.yaml:3); environment.B was added (compose.yaml:3); environment.C was added (compose.yaml:3); and 1 more',
    ],
  ],
  [
    'a service that is not in the file any more, after what depends on it',
    shop(),
    both,
    [
      'stop_instance:shop-api-1 because the file has no service api any more',
      'stop_instance:shop-db-1 because the file has no service db any more',
    ],
  ],
  [
    'fewer replicas',
    both,
    shop({ ...api, replicas: 2 }, db),
    ['stop_instance:shop-api-2 because the file asks for 1 of api'],
  ],
  [
    'how it is kept, and nothing about what runs',
    withApi({
      ...{ restart: { policy: 'no' }, stopGraceMs: 5000, dependsOn: [], labels: { a: 'b' } },
      ...{ description: 'the API', routes: [], owner: 'me' },
    }),
    both,
    [
      'update_instance:shop-api-1 because depends_on.db was removed (compose.yaml:3); description was added (compose.yaml:3); labels.a was added (compose.yaml:3); and 3 more; taken on without a restart',
    ],
  ],
]
/** What a person reads of a change that was made outside of the line that says the value. */
const written = { file: '/shop/compose.yaml', line: 5, column: 9 }
const inFile = (name: string, line: number) => ({
  ...{ file: '/shop/.env.prod', line, column: 1, note: `env file variable ${name}` },
})
const inShell = (name: string) => ({
  ...{ file: 'environment', line: 0, column: 0, note: `shell variable ${name}` },
})
const readFrom = (stack: StackSpec, digests: Record<string, string>): StackSpec => ({
  ...stack,
  sources: Object.entries(digests).map(([path, sha256]) => ({ path, sha256 })),
})
const composeFile = '/shop/compose.yaml'
const prodFile = '/shop/.env.prod'
const causes: [name: string, to: StackSpec, from: StackSpec, cause: string][] = [
  [
    'a changed env file',
    readFrom(
      withApi({
        environment: { LOG_LEVEL: 'debug' },
        origins: { 'environment.LOG_LEVEL': [written, inFile('LOG_LEVEL', 2)] },
      }),
      { [composeFile]: '1', [prodFile]: '2' },
    ),
    readFrom(withApi({ environment: { LOG_LEVEL: 'info' } }), {
      ...{ [composeFile]: '1', [prodFile]: '1' },
    }),
    'environment.LOG_LEVEL changed (.env.prod:2: LOG_LEVEL)',
  ],
  [
    'one of two variables in a command',
    readFrom(
      withApi({
        command: ['serve', 'two'],
        origins: {
          command: [written],
          'command.1': [written, inShell('WHERE'), inFile('WHAT', 7)],
        },
      }),
      { [composeFile]: '1', [prodFile]: '2' },
    ),
    readFrom(withApi({ command: ['serve', 'one'] }), { [composeFile]: '1', [prodFile]: '1' }),
    'command changed (.env.prod:7: WHAT)',
  ],
  [
    'the shell, when no file has changed',
    readFrom(
      withApi({
        environment: { URL: 'b' },
        origins: { 'environment.URL': [written, inShell('HOST'), inFile('PORT', 3)] },
      }),
      { [composeFile]: '1', [prodFile]: '1' },
    ),
    readFrom(withApi({ environment: { URL: 'a' } }), { [composeFile]: '1', [prodFile]: '1' }),
    'environment.URL changed (shell: HOST)',
  ],
  [
    'a variable that was taken out of its file',
    readFrom(
      withApi({ environment: { MODE: 'slow' }, origins: { 'environment.MODE': [written] } }),
      { [composeFile]: '1' },
    ),
    readFrom(
      withApi({
        environment: { MODE: 'fast' },
        origins: { 'environment.MODE': [written, inFile('MODE', 4)] },
      }),
      { [composeFile]: '1', [prodFile]: '1' },
    ),
    'environment.MODE changed (.env.prod:4: MODE)',
  ],
  [
    'the compose file itself',
    readFrom(
      withApi({
        environment: { MODE: 'slow' },
        origins: { 'environment.MODE': [written, inFile('MODE', 4)] },
      }),
      { [composeFile]: '2', [prodFile]: '1' },
    ),
    readFrom(withApi({ environment: { MODE: 'fast' } }), { [composeFile]: '1', [prodFile]: '1' }),
    'environment.MODE changed (compose.yaml:5)',
  ],
]
for (const [name, to, from, cause] of causes) {
  test(`the cause names ${name}, and so does the change`, () => {
    const plan = planStack(input(to, from))
    assert.deepEqual(said(plan), [`replace_instance:shop-api-1 because ${cause}`])
    const origin = plan.actions[0]?.changes[0]?.origin
    const named = origin?.line === 0 ? 'shell' : `${origin?.file.slice(6)}:${origin?.line}`
    assert.ok(cause.includes(`(${named}`), `${cause} and ${named}`)
  })
}

for (const [name, to, from, actions] of cases) {
  test(`${name} is planned`, () => assert.deepEqual(said(planStack(input(to, from))), actions))
}

const content = (path: string, file: string, hash: string, more: Partial<Part> = {}): Part => ({
  ...{ path, about: 'content', file, hash, text: null, live: false },
  ...more,
})
const prometheus = containerSpec('prometheus')
assert.ok(prometheus.container !== null)
const monitoring = shop({
  ...prometheus,
  container: {
    ...prometheus.container,
    build: { context: '/shop/api', args: {} },
    mounts: [
      { kind: 'bind', source: '/shop/p.yml', target: '/etc/prometheus.yml', readOnly: false },
    ],
  },
})
const outside: [name: string, before: Part, after: Part, cause: string][] = [
  [
    'a mounted file with other content',
    content('volumes./etc/prometheus.yml', '/shop/p.yml', '1'),
    content('volumes./etc/prometheus.yml', '/shop/p.yml', '2'),
    'p.yml, mounted at /etc/prometheus.yml, has other content',
  ],
  [
    'a build context',
    content('build', '/shop/api', '1', { entries: { a: '1', b: '1', c: '1', same: '1' } }),
    content('build', '/shop/api', '2', { entries: { a: '2', b: '2', d: '1', same: '1' } }),
    'the build context ./api changed: api/a and 3 files more',
  ],
  [
    'an image whose name means another one',
    { path: 'image', about: 'image', hash: '1', text: '1', live: false },
    { path: 'image', about: 'image', hash: '2', text: '2', live: false },
    'prometheus:1 means another image now: 1 → 2',
  ],
]
for (const [name, before, after, cause] of outside) {
  test(`${name} is named as the cause`, () => {
    const services = plannedOf(
      monitoring,
      monitoring,
      { prometheus: [after] },
      { prometheus: [before] },
    )
    const present = presentOf(monitoring, services)
    const plan = planStack(input(monitoring, monitoring, { services, present }))
    assert.deepEqual(said(plan), [`replace_instance:shop-prometheus-1 because ${cause}`])
    const [change] = plan.actions[0]?.changes ?? []
    assert.equal(change?.file, after.file)
    assert.deepEqual(change?.files, after.entries === undefined ? undefined : ['a', 'b', 'c', 'd'])
  })
}

test('an instance that was given up is started again, for the reason it has', () => {
  const present = presentOf(both).map((one) => ({
    ...{ ...one, up: one.service !== 'api', reason: 'exit code 1' },
  }))
  const plan = planStack(input(both, both, { present }))
  assert.deepEqual(said(plan), ['start_instance:shop-api-1 because exit code 1'])
})

test('what somebody scaled down is started again because the file asks for more', () => {
  const stack = shop({ ...db, replicas: 2 })
  const services = plannedOf(stack).map((one) => ({
    ...one,
    scaled: { replicas: 0, by: 'the local user' },
  }))
  assert.deepEqual(
    said(planStack(input(stack, stack, { services, present: [] }))).at(0),
    'start_instance:shop-db-1 because the local user scaled it to 0, and the file asks for 2 of db',
  )
})

test('what is to be made comes first, with why', () => {
  const plan = planStack(
    input(both, null, {
      missing: [
        { kind: 'pull_image', subject: 'redis:7', service: 'cache' },
        { kind: 'build_image', subject: 'shop-api', reason: 'the build context ./api changed' },
      ],
      missingDatabases: ['shop'],
    }),
  )
  assert.deepEqual(said(plan).slice(0, 3), [
    'pull_image:redis:7 because the image is not on this machine',
    'build_image:shop-api because the build context ./api changed',
    'create_database:shop because a service asks for a database of this name',
  ])
  const start = plan.actions.find(({ id }) => id === 'start_instance:shop-api-1')
  assert.deepEqual(start?.origin, origin)
  assert.deepEqual(start?.after, [
    ...['pull_image:redis:7', 'build_image:shop-api', 'create_database:shop'],
    'start_instance:shop-db-1',
  ])
  assert.deepEqual(start?.waitFor, [{ service: 'db', condition: 'service_started' }])
})

for (const [differences, action] of [
  [
    [],
    'update_instance:shop-db-1 because Docker Compose started it as the file asks; it is taken over without a restart',
  ],
  [
    ['image', 'ports'],
    'replace_instance:shop-db-1 because Docker Compose started it, and image and ports differ from the file',
  ],
] as const) {
  test(`a container of Docker Compose with ${differences.length} differences`, () => {
    const foreign = [{ name: 'shop-db-1', differences }]
    assert.deepEqual(said(planStack(input(shop(db), null, { foreign }))), [action])
  })
}

test('the digest says what is done, and to what', () => {
  const digest = planStack(input(both, null)).digest
  assert.equal(planStack(structuredClone(input(both, null))).digest, digest)
  assert.equal(planStack(input(both, null, { revision: 9 })).digest, digest)
  assert.notEqual(planStack(input(both, both)).digest, digest)
  // Looks the same, and is another plan: neither says its secret.
  const [one, two] = ['one', 'two'].map((PASSWORD) =>
    planStack(input(withApi({ environment: { PASSWORD } }), both)),
  )
  assert.deepEqual(one?.actions, two?.actions)
  assert.notEqual(one?.digest, two?.digest)
})

const names = ['a', 'b', 'c', 'd', 'e'] as const
const anyStack = fc
  .record({
    used: fc.uniqueArray(fc.constantFrom(...names)),
    edges: fc.array(fc.tuple(fc.nat(4), fc.nat(4))),
    replicas: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 5, maxLength: 5 }),
    values: fc.array(fc.constantFrom('1', '2'), { minLength: 5, maxLength: 5 }),
    policy: fc.array(fc.constantFrom('no' as const, 'always' as const), {
      minLength: 5,
      maxLength: 5,
    }),
  })
  .map(({ used, edges, replicas, values, policy }) =>
    shop(
      ...used.map((name) => {
        const at = names.indexOf(name)
        // Only towards earlier letters: no cycle.
        const targets = new Set(edges.flatMap(([from, to]) => (from === at && to < at ? [to] : [])))
        return serviceSpec(name, {
          replicas: replicas[at] ?? 1,
          environment: { VALUE: values[at] ?? '1' },
          restart: { policy: policy[at] ?? 'no' },
          dependsOn: [...targets].flatMap((to) =>
            used.includes(names[to] ?? 'a') ? [needs(names[to] ?? 'a')] : [],
          ),
        })
      }),
    ),
  )

test('every plan can be done in its order, says why, and leads to where nothing is to do', () => {
  fc.assert(
    fc.property(anyStack, fc.option(anyStack), fc.infiniteStream(fc.boolean()), (to, from, ups) => {
      const present = (from === null ? [] : presentOf(from)).map((one) => ({
        ...one,
        up: ups.next().value,
        reason: 'exit code 1',
      }))
      const plan = planStack(input(to, from, { present }))
      const seen = new Set<string>()
      for (const { id, after, cause } of plan.actions) {
        assert.ok(cause.length > 3, `${id} has a cause`)
        for (const earlier of after) assert.ok(seen.has(earlier), `${earlier} comes before ${id}`)
        assert.ok(!seen.has(id), `${id} is there once`)
        seen.add(id)
      }
      const touched = plan.actions.map(({ subject }) => subject)
      const every = [...present.map(({ name }) => name), ...presentOf(to).map(({ name }) => name)]
      assert.deepEqual([...touched, ...plan.unchanged].sort(), [...new Set(every)].sort())
      assert.deepEqual(planStack(input(to, to)).actions, [])
    }),
  )
})

test('levels put every service behind what it depends on', () => {
  const services = [
    serviceSpec('web', { dependsOn: [needs('api'), needs('cache')] }),
    serviceSpec('api', { dependsOn: [needs('db'), needs('not-here')] }),
    serviceSpec('db'),
    serviceSpec('cache'),
  ]
  assert.deepEqual(dependencyLevels(services), [['db', 'cache'], ['api'], ['web']])
})

test('a cycle does not hang the levels', () => {
  const services = [
    serviceSpec('a', { dependsOn: [needs('b')] }),
    serviceSpec('b', { dependsOn: [needs('a')] }),
  ]
  assert.deepEqual(dependencyLevels(services), [['a', 'b']])
})
