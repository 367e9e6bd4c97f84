import fc from 'fast-check'

/** Declarative files that are right, as values of JSON. */
const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,6}[a-z0-9]$/)
const text = fc.oneof(fc.string({ minLength: 1, maxLength: 12 }), name)
const tags = fc.uniqueArray(name, { maxLength: 2 })
const path = fc.oneof(
  fc.stringMatching(/^\/[a-z0-9]{1,6}(?:\/[a-z0-9_]{1,4}){0,2}$/),
  fc.constantFrom('~/x/\\d+', '~/(?<id>[a-z]+)$', '/'),
)
const some = <T>(value: fc.Arbitrary<T>) => fc.uniqueArray(value, { minLength: 1, maxLength: 3 })
const named = <T extends object>(shape: fc.Arbitrary<T>) =>
  fc.uniqueArray(fc.tuple(name, shape), { maxLength: 3, selector: ([key]) => key })

const limiter = fc.record(
  {
    name: fc.constant('limiter'),
    enabled: fc.boolean(),
    tags,
    config: fc.record(
      {
        minute: fc.integer({ min: 1, max: 1000 }),
        by: fc.constant('ip'),
        header: fc.option(text),
        paths: fc.array(text, { maxLength: 3 }),
        names: fc.dictionary(fc.stringMatching(/^[A-Za-z-]{1,8}$/), fc.string({ maxLength: 9 }), {
          noNullPrototype: true,
        }),
        redis: fc.record(
          { host: fc.option(name), password: fc.option(text) },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: ['minute'] },
    ),
  },
  { requiredKeys: ['name', 'config'] },
)
const plugins = fc
  .option(limiter, { nil: undefined })
  .map((one) => (one === undefined ? [] : [one]))

const route = fc.record(
  {
    paths: some(path),
    hosts: some(fc.constantFrom('a.example', '*.b.example', 'c.*', 'd.example:8080')),
    methods: some(fc.constantFrom('GET', 'POST', 'PATCH')),
    headers: fc.dictionary(fc.stringMatching(/^x-[a-z]{1,5}$/), fc.array(text, { maxLength: 2 }), {
      maxKeys: 2,
      noNullPrototype: true,
    }),
    protocols: fc.constantFrom(['http'], ['https'], ['http', 'https'], ['https', 'http']),
    strip_path: fc.boolean(),
    preserve_host: fc.boolean(),
    regex_priority: fc.integer({ min: -10, max: 10 }),
    path_handling: fc.constantFrom('v0', 'v1'),
    'x-keelson': fc.record(
      { timeout_ms: fc.integer({ min: 1, max: 1e6 }), segments: fc.boolean() },
      { requiredKeys: [] },
    ),
    plugins,
    tags,
  },
  { requiredKeys: ['paths'] },
)

const service = fc.record(
  {
    host: fc.constantFrom('a.example', '10.0.0.1', '::1'),
    port: fc.integer({ min: 0, max: 65_535 }),
    path: fc.option(fc.constantFrom('/', '/base')),
    retries: fc.integer({ min: 0, max: 32_767 }),
    enabled: fc.boolean(),
    'x-keelson': fc.record(
      {
        retry: fc.record(
          { attempts: fc.integer({ min: 1, max: 10 }), statuses: fc.constantFrom([], [503]) },
          { requiredKeys: [] },
        ),
        bulkhead: fc.record({ max_in_flight: fc.integer({ min: 1, max: 100 }) }),
        http_version: fc.constantFrom('1.1', '2'),
      },
      { requiredKeys: [] },
    ),
    plugins,
    tags,
  },
  { requiredKeys: ['host'] },
)

const upstream = fc.record(
  {
    algorithm: fc.constantFrom('round-robin', 'least-connections', 'latency'),
    slots: fc.integer({ min: 10, max: 65_536 }),
    healthchecks: fc.record(
      {
        threshold: fc.integer({ min: 0, max: 100 }),
        active: fc.record({
          timeout: fc.integer({ min: 0, max: 9 }),
          healthy: fc.record({ interval: fc.integer({ min: 0, max: 9 }) }),
        }),
      },
      { requiredKeys: [] },
    ),
    targets: fc.uniqueArray(
      fc.record(
        {
          target: fc.constantFrom('a:1', '10.0.0.1:2', '[::1]:3'),
          weight: fc.integer({ min: 0, max: 65_535 }),
        },
        { requiredKeys: ['target'] },
      ),
      { selector: ({ target }) => target },
    ),
    tags,
  },
  { requiredKeys: [] },
)

const consumer = fc.record({ custom_id: fc.uuid(), plugins, tags }, { requiredKeys: [] })

/** Names of routes and keys are made of those around them, so that none comes twice. */
export const validFile = fc
  .record({
    services: named(fc.tuple(service, fc.array(fc.tuple(fc.boolean(), route), { maxLength: 3 }))),
    routes: fc.array(route, { maxLength: 2 }),
    upstreams: named(upstream),
    consumers: named(fc.tuple(consumer, fc.array(text, { maxLength: 2 }))),
    plugins,
  })
  .map((file) => ({
    _format_version: '3.0',
    services: file.services.map(([key, [fields, routes]]) => ({
      ...{ name: key, ...fields },
      routes: routes.map(([isNamed, one], at) =>
        isNamed ? { name: `${key}.${at}`, ...one } : one,
      ),
    })),
    routes: file.routes,
    upstreams: file.upstreams.map(([key, fields]) => ({ name: key, ...fields })),
    consumers: file.consumers.map(([key, [fields, groups]]) => ({
      ...{ username: key, ...fields },
      acls: [...new Set(groups)].map((group) => ({ group })),
      keyauth_credentials: groups.map((_, at) => ({ key: `${key} ${at}` })),
      basicauth_credentials: [{ username: key, password: groups[0] ?? 'pw' }],
    })),
    plugins: file.plugins,
  }))
