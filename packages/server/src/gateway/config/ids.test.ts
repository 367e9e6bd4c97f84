import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contentId, keyedId, uuidV5 } from './ids.ts'
import { readGatewayConfig } from './read.ts'
import { testPlugins } from './testing/plugin-table.ts'

test('version 5 of UUIDs (RFC 9562 5.5)', () => {
  const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8'
  assert.equal(uuidV5(dns, 'www.example.com'), '2ed6657d-e927-568b-95e1-2665a8aea6a2')
})

describe('keys of ids are those of Kong', () => {
  const ofEntities = 'fd02801f-0957-4a15-a55a-c8d9606f30b5'
  const parent = { id: '11111111-1111-4111-8111-111111111111', as: 'service' }
  const cases = [
    { kind: 'services', value: { name: 'a' }, key: 'a' },
    { kind: 'consumers', value: { username: 'a' }, key: 'a' },
    { kind: 'keyauth_credentials', value: { key: 'k' }, key: 'keyauth_credentials:*:k' },
    { kind: 'plugins', value: { name: 'cors' }, key: 'plugins:*:cors:::' },
    { kind: 'plugins', value: { name: 'cors', route: 'r' }, key: 'plugins:*:cors:r::' },
    { kind: 'plugins', value: { name: 'cors' }, parent, key: `plugins:*:cors::${parent.id}:` },
    { kind: 'targets', value: { target: 'a:1', upstream: 'u' }, key: 'targets:*:u:a:1' },
  ] as const
  for (const { kind, value, key, ...rest } of cases) {
    test(key, () => {
      const within = 'parent' in rest ? rest.parent : null
      assert.equal(keyedId(kind, value, within), uuidV5(uuidV5(ofEntities, kind), key))
    })
  }
})

describe('what has no key is known by what it says', () => {
  const value = { paths: ['/a'], methods: ['GET'] }
  const id = contentId('routes', value, null, 0)
  test('in any order', () => {
    assert.equal(keyedId('routes', value, null), null)
    assert.equal(contentId('routes', { methods: ['GET'], paths: ['/a'] }, null, 0), id)
  })
  test('apart from others', () => {
    const others = [
      contentId('routes', { ...value, paths: ['/b'] }, null, 0),
      contentId('routes', value, { id: 'x', as: 'service' }, 0),
      contentId('routes', value, null, 1),
    ]
    assert.equal(new Set([id, ...others]).size, 4)
  })
})

test('two routes without a name may say the same', () => {
  const text = '_format_version: "3.0"\nroutes: [{ paths: [/] }, { paths: [/] }]'
  const read = () =>
    readGatewayConfig({ text, file: 'kong.yml' }, { environment: {}, plugins: testPlugins })
  const { config, faults } = read()
  assert.deepEqual(faults, [])
  assert.equal(new Set(config.routes.map(({ id }) => id)).size, 2)
  assert.deepEqual(read().config, config, 'the same at every load')
})
