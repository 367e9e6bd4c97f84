import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ServiceSpec } from '@keelson/contract'
import { createPortAllocator, fixedPorts, processPorts } from './ports.ts'
import { probeTiming, serviceSpec } from './testing/spec.ts'

/** The table, in memory; `fail` is the database that is away. */
const createStore = () => {
  const rows = new Map<string, { owner: string; stack: string; port: number }>()
  const state = { fail: false }
  const check = (): void => {
    if (state.fail) throw new Error('the database is away')
  }
  return {
    rows,
    state,
    load: async () => [...rows.values()],
    save: async (owner: string, stack: string, port: number) => {
      check()
      const taken = [...rows.values()].some((row) => row.port === port && row.owner !== owner)
      assert.ok(!taken, `port ${port} is given out twice`)
      rows.set(owner, { owner, stack, port })
    },
    release: async (stack: string) => {
      check()
      for (const [owner, row] of rows) if (row.stack === stack) rows.delete(owner)
    },
  }
}

test('an owner keeps its port, also over a restart', async () => {
  const store = createStore()
  const ports = await createPortAllocator(store)
  const first = await ports.allocate('instance:a', 'shop')
  assert.equal(await ports.allocate('instance:a', 'shop'), first)
  assert.equal(ports.find('instance:a'), first)
  assert.equal(await (await createPortAllocator(store)).allocate('instance:a', 'shop'), first)
})

test('whoever asks for the same owner at once gets the same port', async () => {
  const ports = await createPortAllocator(createStore())
  const given = await Promise.all(Array.from({ length: 8 }, () => ports.allocate('a', 'shop')))
  assert.equal(new Set(given).size, 1)
})

test('a port that somebody listens on is not given out', async () => {
  const ports = await createPortAllocator(createStore())
  const first = await ports.allocate('a', 'shop')
  const server = createServer().listen(first + 1, '127.0.0.1')
  await once(server, 'listening').catch(() => undefined)
  try {
    assert.notEqual(await ports.allocate('b', 'shop'), first + 1)
  } finally {
    server.close()
  }
})

test('a port is not lost when the database is away, and replacing gives the old one back', async () => {
  const store = createStore()
  const ports = await createPortAllocator(store)
  store.state.fail = true
  await assert.rejects(ports.allocate('a', 'shop'), /away/)
  assert.equal(ports.find('a'), undefined)
  store.state.fail = false
  const first = await ports.allocate('a', 'shop')
  const second = await ports.replace('a', 'shop')
  assert.notEqual(second, first)
  assert.equal(await ports.allocate('a', 'shop'), second)
  assert.equal(store.rows.get('a')?.port, second)
})

test('whatever is allocated, replaced and released, no two owners have one port', async () => {
  const step = fc.record({
    what: fc.constantFrom('allocate', 'replace', 'release'),
    owner: fc.constantFrom('a', 'b', 'c', 'd'),
    stack: fc.constantFrom('x', 'y'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const store = createStore()
      const ports = await createPortAllocator(store)
      await Promise.all(
        steps.map(async ({ what, owner, stack }) => {
          if (what === 'release') await ports.release(stack)
          else if (what === 'replace') await ports.replace(`${stack}/${owner}`, stack)
          else await ports.allocate(`${stack}/${owner}`, stack)
        }),
      )
      const given = [...store.rows.values()].map(({ port }) => port)
      assert.equal(new Set(given).size, given.length)
    }),
    { numRuns: 30 },
  )
})

const http = { kind: 'http' as const, path: '/', ...probeTiming }
const cases: [name: string, more: Partial<ServiceSpec>, bound: string[], fixed: number[]][] = [
  ['nothing', {}, [], []],
  [
    'a published port',
    { ports: [{ target: 80, published: 8081, protocol: 'tcp' }] },
    ['80:8081'],
    [8081],
  ],
  ['a port of the file', { expose: [3000] }, ['3000:3000'], [3000]],
  ['port: auto', { port: 'auto' }, ['80:free'], []],
  ['port: auto and a name for it', { port: 'auto', expose: [3000] }, ['3000:free'], []],
  ['a fixed port', { port: 3000 }, ['3000:3000'], [3000]],
  ['two replicas of a port of the file', { expose: [3000], replicas: 2 }, ['3000:free'], []],
  [
    'a route and nothing else',
    { routes: [{ path: '/', stripPath: false, timeoutMs: 1 }] },
    ['80:free'],
    [],
  ],
  ['a probe that names a port', { probe: { ...http, port: 9000 } }, ['9000:9000'], [9000]],
  [
    'the same port twice',
    { expose: [80], ports: [{ target: 80, published: 81, protocol: 'tcp' }] },
    ['80:81'],
    [81],
  ],
]
for (const [name, more, bound, fixed] of cases) {
  test(`ports of a process with ${name}`, async () => {
    const spec = serviceSpec('api', more)
    const giver = { allocate: () => Promise.resolve(21_000) }
    const ports = await processPorts(spec, { name: 'shop-api-1', stack: 'shop' }, giver)
    const told = ports.map(({ target, port }) => `${target}:${port === 21_000 ? 'free' : port}`)
    assert.deepEqual(told, bound)
    assert.deepEqual(
      fixedPorts(spec).map(({ port }) => port),
      fixed,
    )
  })
}
