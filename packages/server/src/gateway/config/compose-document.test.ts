import assert from 'node:assert/strict'
import { test } from 'node:test'

import { HeaderList } from '../proxy/header-list.ts'
import { createRouter, entriesOf, normalizePath } from '../proxy/router/index.ts'
import { composeDocument, type ComposeRoute } from './compose-document.ts'

const way = (path: string, host?: string): ComposeRoute => ({
  path,
  stripPath: false,
  timeoutMs: 1000,
  ...(host === undefined ? {} : { host }),
})

const cases: { routes: ComposeRoute[]; host: string; path: string; expected: number | null }[] = [
  { routes: [way('/')], host: 'a', path: '/x', expected: 0 },
  { routes: [way('/api')], host: 'a', path: '/api', expected: 0 },
  { routes: [way('/api')], host: 'a', path: '/api/', expected: 0 },
  { routes: [way('/api')], host: 'a', path: '/api/x', expected: 0 },
  { routes: [way('/api')], host: 'a', path: '/apiary', expected: null },
  { routes: [way('/api/')], host: 'a', path: '/api', expected: 0 },
  { routes: [way('/'), way('/a'), way('/a/b')], host: 'h', path: '/a/bc', expected: 1 },
  { routes: [way('/'), way('/a/b')], host: 'h', path: '/a/b/c/d', expected: 1 },
  { routes: [way('/'), way('/a/b/c')], host: 'h', path: '/a/b', expected: 0 },
  { routes: [way('/a'), way('/', 'h')], host: 'h', path: '/a', expected: 1 },
  { routes: [way('/a'), way('/b', 'h')], host: 'h', path: '/a', expected: 0 },
  { routes: [way('/', 'Shop.Example')], host: 'shop.EXAMPLE:8080', path: '/', expected: 0 },
  { routes: [way('/', 'shop.example')], host: 'shop.example.', path: '/', expected: 0 },
  { routes: [way('/', '*.example.com')], host: 'a.example.com', path: '/', expected: 0 },
  { routes: [way('/', '*.example.com')], host: 'a.b.example.com', path: '/', expected: 0 },
  { routes: [way('/', '*.example.com')], host: 'example.com', path: '/', expected: null },
  {
    routes: [way('/', '*.com'), way('/', '*.b.com'), way('/', 'a.b.com')],
    host: 'x.b.com',
    path: '/',
    expected: 1,
  },
  { routes: [way('/', '*.com'), way('/', 'a.com')], host: 'a.com', path: '/', expected: 1 },
  { routes: [way('/', '[::1]')], host: '[::1]:8080', path: '/', expected: 0 },
  { routes: [way('/a'), way('/a/')], host: 'h', path: '/a', expected: 0 },
  { routes: [way('/a', '*')], host: 'h', path: '/a', expected: 0 },
]

for (const { routes, host, path, expected } of cases) {
  const names = routes.map((entry) => `${entry.host ?? ''}${entry.path}`).join(' ')
  test(`${host}${path} among ${names} takes ${expected ?? 'nothing'}`, () => {
    const document = composeDocument('s', [{ name: 'web', routes }])
    const router = createRouter(entriesOf([document], ({ route }) => route.name))
    const ask = { method: 'GET', scheme: 'http' as const, headers: new HeaderList(), sni: null }
    const match = router.find({ ...ask, host, path: normalizePath(path) })
    assert.equal(match?.entry.value, expected === null ? undefined : `web-${expected + 1}`)
  })
}

test('ids are the same for the same name, and others in another stack', () => {
  const idsIn = (stack: string) => {
    const { routes, services } = composeDocument(stack, [
      { name: 'web', routes: [way('/')] },
    ]).config
    return [...routes, ...services].map(({ id }) => id)
  }
  assert.deepEqual(idsIn('a'), idsIn('a'))
  assert.equal(new Set([...idsIn('a'), ...idsIn('b')]).size, 4)
})

test('methods and plugins of a route go with it', () => {
  const plugins = [{ name: 'cors', config: { credentials: true } }]
  const route = { ...way('/'), methods: ['GET'], plugins }
  const { config } = composeDocument('s', [{ name: 'web', routes: [route] }])
  assert.deepEqual(config.routes[0]?.methods, ['GET'])
  assert.deepEqual(
    config.plugins.map((plugin) => [plugin.name, plugin.route, plugin.config]),
    [['cors', config.routes[0]?.id, { credentials: true }]],
  )
})
