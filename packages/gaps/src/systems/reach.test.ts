import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { audit } from '../audit.ts'
import { createRepository } from '../testing/repository.ts'
import { reach } from './reach.ts'
import { servesPort } from './serving.ts'

const load = async (compose: string, more: Readonly<Record<string, string>> = {}) => {
  await using repository = await createRepository({ 'compose.yaml': compose, ...more })
  const { systems } = await audit({ root: repository.root, rules: [] })
  const [system] = systems
  assert.ok(system)
  return system
}

/** What names lead to from a service: `service db`, `nobody`, `unreachable db`. */
const lead = async (compose: string, from: string, names: readonly string[]) => {
  const system = await load(compose)
  const service = system.services.get(from)
  assert.ok(service)
  return names.map((name) => {
    const reached = reach(system, service, name)
    if (reached.kind !== 'service') return reached.kind
    return `${reached.isShared ? 'service' : 'unreachable'} ${reached.service.name}`
  })
}

describe('a host name leads to', () => {
  test('services, container names, aliases and hostnames', async () => {
    const compose = `services:
  api: { image: "a/b:1", links: ["db:store"] }
  db:
    image: postgres:17
    container_name: shop-database
    hostname: pg.local
    networks: { default: { aliases: [postgres, pg.internal] } }
`
    const names = [
      'db',
      'DB',
      'shop-database',
      'postgres',
      'pg.internal',
      'store',
      'db.default',
      'tasks.db',
      'pg.local',
      'pg',
      'other',
    ]
    assert.deepEqual(await lead(compose, 'api', names), [
      ...Array.from({ length: 9 }, () => 'service db'),
      ...['nobody', 'nobody'],
    ])
  })

  test('containers by the names that compose gives them', async () => {
    const compose =
      'name: shop\nservices:\n  api: { image: "a/b:1" }\n  order-db: { image: postgres:17 }\n'
    assert.deepEqual(
      await lead(compose, 'api', ['shop-order-db-1', 'shop_order-db_1', 'shop-none-1']),
      [...['service order-db', 'service order-db', 'nobody']],
    )
  })

  test('itself, the machine and other machines', async () => {
    const compose = `services:
  api: { image: "a/b:1", extra_hosts: ["legacy:10.0.0.7", "me:host-gateway"] }
  host: { image: "a/b:1", network_mode: host }
  side: { image: "a/b:1", network_mode: "service:api" }
`
    const names = [
      'localhost',
      '127.0.0.1',
      '::1',
      'api',
      'side',
      'legacy',
      'host.docker.internal',
      'example.com',
      '10.0.0.1',
    ]
    assert.deepEqual(await lead(compose, 'api', names), [
      ...['self', 'self', 'self', 'self', 'unreachable side'],
      ...['elsewhere', 'machine', 'elsewhere', 'elsewhere'],
    ])
    assert.deepEqual(await lead(compose, 'host', ['localhost', 'api']), [
      'machine',
      'unreachable api',
    ])
    assert.deepEqual(await lead(compose, 'side', ['localhost', 'api', 'host']), [
      'self',
      'self',
      'unreachable host',
    ])
  })

  test('what shares a network, with an alias of that network only', async () => {
    const compose = `services:
  api: { image: "a/b:1", networks: [front] }
  both: { image: "a/b:1", networks: { front: {}, back: { aliases: [inner] } } }
  db: { image: postgres:17, networks: [back] }
networks: { front: {}, back: {} }
`
    assert.deepEqual(await lead(compose, 'api', ['both', 'inner', 'db']), [
      'service both',
      'unreachable both',
      'unreachable db',
    ])
    assert.deepEqual(await lead(compose, 'both', ['db', 'inner']), ['service db', 'self'])
  })

  test('nobody knows where, on networks and name servers of others', async () => {
    const external =
      'services:\n  api: { image: "a/b:1", networks: [n] }\nnetworks: { n: { external: true } }\n'
    assert.deepEqual(await lead(external, 'api', ['db']), ['unknown'])
    assert.deepEqual(
      await lead('services:\n  api: { image: "a/b:1", dns: [10.0.0.2] }\n', 'api', ['db']),
      ['unknown'],
    )
  })

  test('what another reading of the folder brings is not "nobody"', async () => {
    const system = await load('services:\n  api: { image: "a/b:1" }\n', {
      'compose.full.yaml':
        'services:\n  api: { environment: { A: b } }\n  db: { image: postgres:17 }\n',
    })
    const api = system.services.get('api')
    assert.ok(api)
    assert.equal(reach(system, api, 'db').kind, 'unknown')
    assert.equal(reach(system, api, 'cache').kind, 'nobody')
  })
})

describe('a port is served', () => {
  const serves = async (
    compose: string,
    port: number,
    more: Readonly<Record<string, string>> = {},
  ) => {
    const system = await load(compose, more)
    const service = system.services.get('web')
    assert.ok(service)
    const { isServed, confidence } = servesPort(system, service, port)
    return isServed === false ? confidence : isServed
  }

  test('by what is known of an image, as long as nothing may change it', async () => {
    assert.equal(await serves('services:\n  web: { image: postgres:17 }\n', 5432), true)
    assert.equal(await serves('services:\n  web: { image: postgres:17 }\n', 80), 'certain')
    assert.equal(
      await serves('services:\n  web: { image: postgres:17, command: [postgres, -p, "80"] }\n', 80),
      undefined,
    )
    assert.equal(await serves('services:\n  web: { image: "a/b:1" }\n', 80), undefined)
  })

  test('by its own configuration, for certain', async () => {
    const compose = `services:
  web:
    image: nginx:1.29
    volumes: ["./n.conf:/etc/nginx/nginx.conf"]
`
    const files = { 'n.conf': 'http { server { listen 8000; location / { root /srv; } } }' }
    assert.equal(await serves(compose, 8000, files), true)
    assert.equal(await serves(compose, 9000, files), 'certain')
  })

  test('by whoever shares its network', async () => {
    const compose = `services:
  web: { image: postgres:17 }
  side: { image: "redis:8", network_mode: "service:web" }
`
    assert.equal(await serves(compose, 6379), true)
  })
})
