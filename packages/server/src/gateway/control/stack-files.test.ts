import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainService, plainStack, type GatewayFileSpec, type StackSpec } from '@keelson/contract'
import { plugins, type PluginTable } from '../plugins/index.ts'
import { lenient, unloadableDefinition } from '../plugins/own/definition.ts'
import { createReadFile } from './reading.ts'
import { createStackFiles, type StackFile } from './stack-files.ts'

const fileOf = (text: string, environment: Record<string, string> = {}): GatewayFileSpec => ({
  ...{ file: '/shop/kong.yml', environment },
  text: `_format_version: "3.0"\n${text}`,
})
const orders =
  'services: [{ name: orders, url: "http://orders:3000", routes: [{ name: r, paths: [/o] }] }]'
const stackWith = (gateway?: GatewayFileSpec, more: Partial<StackSpec> = {}): StackSpec => ({
  ...{ ...plainStack, name: 'shop', services: [], ...more },
  ...(gateway === undefined ? {} : { gateway }),
})

const open = (applied: StackFile[] = [], keptPlugins: PluginTable = plugins) => {
  const logged: string[] = []
  const files = createStackFiles({
    ...{ readFile: createReadFile(plugins), readLenient: createReadFile(keptPlugins) },
    ...{
      plugins,
      log: { error: (_facts: unknown, message?: string) => void logged.push(message ?? '') },
    },
    source: { gatewayFiles: () => applied, onStacks: () => {} },
  })
  return { files, logged, applied }
}
const applied = (file: GatewayFileSpec): StackFile => ({
  ...{ stack: 'shop', file, revision: 3, appliedAt: new Date() },
})

test('a file of a stack is a document in the scope of the stack, the same one until it changes', () => {
  const { files, applied: list } = open([applied(fileOf(orders))])
  const [document] = files.documents()
  assert.deepEqual(
    [document?.manager, document?.stack, document?.style],
    ['file:shop', 'shop', 'kong'],
  )
  assert.equal(document?.config.routes[0]?.name, 'r')
  assert.equal(files.documents()[0]?.config, document.config)
  assert.deepEqual(files.files()[0]?.counts, { services: 1, routes: 1 })
  list.length = 0
  assert.deepEqual(files.documents(), [])
})

test('a plugin that is broken by now takes no routes away; a new file may not use it', () => {
  const broken = unloadableDefinition('greet', 'no water')
  const kept = new Map([...plugins, ['greet', lenient(broken)] as const])
  const file = fileOf(`${orders}\nplugins: [{ name: greet, config: { tea: green } }]`)
  const { files, logged } = open([applied(file)], kept)
  const [document] = files.documents()
  assert.equal(document?.config.routes.length, 1)
  assert.deepEqual(document.config.plugins[0]?.config, { tea: 'green' })
  assert.deepEqual(logged, [])
  assert.throws(() => files.step(stackWith(file), undefined), /plugin 'greet'/)
})

const steps: [
  name: string,
  before: GatewayFileSpec | undefined,
  after: GatewayFileSpec | undefined,
  cause: string | null,
][] = [
  ['none', undefined, undefined, null],
  ['a new file', undefined, fileOf(orders), '1 service created, 1 route created'],
  ['the same file', fileOf(orders), fileOf(orders), null],
  ['another comment', fileOf(orders), fileOf(`# hello\n${orders}`), null],
  ['another path', fileOf(orders), fileOf(orders.replace('/o]', '/p]')), '1 route updated'],
  ['a file that is gone', fileOf(orders), undefined, '1 service deleted, 1 route deleted'],
  [
    'another value of a variable',
    fileOf('consumers: [{ username: a, keyauth_credentials: [{ key: "{vault://env/K}" }] }]', {
      K: 'one',
    }),
    fileOf('consumers: [{ username: a, keyauth_credentials: [{ key: "{vault://env/K}" }] }]', {
      K: 'two',
    }),
    '1 key-auth credential updated',
  ],
]
for (const [name, before, after, cause] of steps) {
  test(`the plan says what ${name} changes: ${cause ?? 'nothing'}`, () => {
    const step = open().files.step(stackWith(after), stackWith(before))
    assert.equal(step?.cause ?? null, cause)
    assert.ok(!JSON.stringify(step).includes('two'))
  })
}

test('a mistake is refused with its place', () => {
  const bad = fileOf('services: [{ name: orders, url: "http://orders:3000", retires: 1 }]')
  assert.throws(() => open().files.step(stackWith(bad), undefined), {
    code: 'gateway_config_invalid',
    message: "/shop/kong.yml:2:55: service 'orders' (services[0]): There is no field retires.",
  })
})

test('plugins of routes in the compose file are held to their schemas', () => {
  const origin = { file: '/shop/compose.yaml', line: 7, column: 5 }
  const routeWith = (name: string, config: Record<string, unknown>) =>
    stackWith(undefined, {
      services: [
        {
          ...{ ...plainService, name: 'api', origins: { 'x-keelson.route': [origin] } },
          routes: [{ path: '/', stripPath: false, timeoutMs: 1000, plugins: [{ name, config }] }],
        },
      ],
    })
  assert.equal(open().files.step(routeWith('rate-limiting', { minute: 5 }), undefined), null)
  const wrong = () => open().files.step(routeWith('rate-limiting', { minut: 5 }), undefined)
  assert.throws(wrong, (error: { errors: { message: string; origin: object }[] }) => {
    assert.match(error.errors[0]?.message ?? '', /^api: plugin rate-limiting: .*minut/)
    assert.deepEqual(error.errors[0]?.origin, origin)
    return true
  })
  assert.throws(() => open().files.step(routeWith('rate-limit1ng', {}), undefined), {
    message: 'api: plugin rate-limit1ng: there is no such plugin',
  })
})

test('a file that is refused although it was applied is told, and used by nobody', () => {
  const { files, logged } = open([applied(fileOf('services: [{}]'))])
  assert.deepEqual(files.documents(), [])
  assert.deepEqual(logged, ['Kong file is not used'])
})
