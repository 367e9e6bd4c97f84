import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BoundPort, RuntimeKind, ServiceSpec } from '@keelson/contract'
import { createManualClock, quietLog, until } from '../kernel/testing/index.ts'
import type { RegisteredInstance, RegistryChange, ServiceDeclaration } from '../registry/index.ts'
import { createHosts, type HostNames } from './hosts.ts'
import type { ObservedInstance } from './runtime.ts'
import { containerSpec, serviceSpec } from './testing/spec.ts'

const bound = (host: string, port: number, target = port): BoundPort => ({
  ...{ host, port, target },
  protocol: 'tcp',
})

/** A registry of a few lines, and what running instances are told. */
const createBench = () => {
  const clock = createManualClock()
  const services = new Map<string, ServiceDeclaration>()
  const instances = new Map<string, RegisteredInstance>()
  const listeners: ((change: RegistryChange) => void)[] = []
  const told: [name: string, hosts: HostNames][] = []
  const healthy = new Set<string>()
  /** Containers that Docker Compose started: their incarnation is their id. */
  const takenOver = new Set<string>()
  /** Their own, of containers that this host reaches. */
  const addresses = new Map<string, string>()
  let refusing = false
  const announce = (change: RegistryChange): void => {
    for (const listener of listeners) listener(change)
  }
  const updateHosts = (ref: { name: string }, names: HostNames): Promise<void> => {
    if (refusing) return Promise.reject(new Error('not now'))
    told.push([ref.name, names])
    return Promise.resolve()
  }
  const findRunning = (name: string): ObservedInstance | null => {
    const found = instances.get(name)
    if (found === undefined) return null
    const running = found.phase === 'running'
    const { containerId, startedAt } = found
    const incarnation = takenOver.has(name) ? containerId : `${name} of ${startedAt?.getTime()}`
    const address = addresses.get(name)
    return { name, running, incarnation, containerId, startedAt, address } as ObservedInstance
  }
  const hosts = createHosts({
    registry: {
      services: () => [...services.values()],
      instancesOf: (id) => [...instances.values()].filter(({ serviceId }) => serviceId === id),
      onChange: (listener) => void listeners.push(listener),
    },
    health: {
      instance: (name) => (healthy.has(name) ? ({ state: 'healthy' } as never) : undefined),
    },
    runtimes: { process: { updateHosts }, container: { updateHosts } },
    ...{ findRunning, clock, log: quietLog },
  })
  return {
    ...{ hosts, told, healthy, takenOver, addresses },
    refuse: (on: boolean) => (refusing = on),
    declare(spec: ServiceSpec, stack = 'shop'): void {
      const id = `${stack}/${spec.name}`
      const service = { id, stack, spec, builtIn: false, upstreams: [], injected: {} }
      services.set(id, service)
      announce({ kind: 'service', service })
    },
    put(
      service: string,
      index: number,
      ports: BoundPort[],
      phase = 'running',
      startedAt = new Date(0),
    ): void {
      const name = `shop-${service}-${index}`
      const before = instances.get(name)
      const containerId = services.get(`shop/${service}`)?.spec.container ? `id of ${name}` : null
      const facts = {
        name,
        serviceId: `shop/${service}`,
        index,
        ports,
        phase,
        startedAt,
        containerId,
      }
      const instance = facts as unknown as RegisteredInstance
      instances.set(name, instance)
      announce({ kind: 'instance', instance, before })
    },
    async settle(): Promise<void> {
      clock.advance(50)
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

test('each kind of instance has the names that its own network does not give it', () => {
  const bench = createBench()
  bench.declare(serviceSpec('api'))
  bench.declare(serviceSpec('worker'))
  const names = (runtime: RuntimeKind) => bench.hosts.of('shop', runtime)
  assert.deepEqual(names('process'), {}, 'processes alone have variables')
  bench.declare(containerSpec('db'))
  bench.put('db', 1, [bound('172.18.0.2', 5432)])
  assert.deepEqual(names('process'), { api: '127.0.0.1', worker: '127.0.0.1', db: '172.18.0.2' })
  assert.deepEqual(names('container'), { api: 'host-gateway', worker: 'host-gateway' })
  bench.declare(containerSpec('other'), 'elsewhere')
  assert.deepEqual(bench.hosts.of('elsewhere', 'container'), {})
})

test('a container has a name where it can be reached on the ports it has inside', () => {
  const cases: [name: string, ports: BoundPort[], expected: string | undefined][] = [
    ['its own address', [bound('172.18.0.2', 80)], '172.18.0.2'],
    [
      'beside a published port',
      [bound('127.0.0.1', 8080, 80), bound('172.18.0.2', 81)],
      '172.18.0.2',
    ],
    ['published under its own number', [bound('127.0.0.1', 80)], '127.0.0.1'],
    ['published under another', [bound('127.0.0.1', 8080, 80)], undefined],
    ['on another address of this host', [bound('192.168.1.5', 8080, 80)], undefined],
    ['without ports', [], undefined],
  ]
  for (const [name, ports, expected] of cases) {
    const bench = createBench()
    bench.declare(serviceSpec('api'))
    bench.declare(containerSpec('db'))
    bench.put('db', 1, ports)
    assert.equal(bench.hosts.of('shop', 'process')['db'], expected, name)
    bench.put('db', 1, ports, 'stopped')
    assert.equal(bench.hosts.of('shop', 'process')['db'], undefined, `${name}, stopped`)
  }
})

test('a container without ports has a name at its own address, and processes are told another', async () => {
  const bench = createBench()
  bench.declare(serviceSpec('api'))
  bench.declare(containerSpec('db'))
  bench.put('api', 1, [bound('127.0.0.1', 3000)])
  bench.addresses.set('shop-db-1', '172.18.0.2')
  bench.put('db', 1, [])
  assert.equal(bench.hosts.of('shop', 'process')['db'], '172.18.0.2')
  await bench.settle()
  // It runs on, in another network.
  bench.addresses.set('shop-db-1', '172.19.0.2')
  bench.put('db', 1, [])
  await bench.settle()
  assert.deepEqual(bench.told, [
    ['shop-api-1', { api: '127.0.0.1', db: '172.18.0.2' }],
    ['shop-api-1', { api: '127.0.0.1', db: '172.19.0.2' }],
  ])
  bench.put('db', 1, [bound('127.0.0.1', 8080, 80)])
  assert.equal(bench.hosts.of('shop', 'process')['db'], '172.19.0.2', 'published elsewhere')
  bench.put('db', 1, [], 'stopped')
  assert.equal(bench.hosts.of('shop', 'process')['db'], undefined)
  bench.hosts.close()
})

test('a healthy replica goes before one that only runs', () => {
  const bench = createBench()
  bench.declare(serviceSpec('api'))
  bench.declare(containerSpec('db'))
  bench.put('db', 1, [bound('172.18.0.2', 5432)])
  bench.put('db', 2, [bound('172.18.0.3', 5432)])
  assert.equal(bench.hosts.of('shop', 'process')['db'], '172.18.0.2')
  bench.healthy.add('shop-db-2')
  assert.equal(bench.hosts.of('shop', 'process')['db'], '172.18.0.3')
})

test('running instances are told of a change, once, and again when it could not be told', async () => {
  const bench = createBench()
  bench.declare(serviceSpec('api'))
  bench.declare(containerSpec('db'))
  bench.put('api', 1, [bound('127.0.0.1', 3000)])
  bench.put('db', 1, [bound('172.18.0.2', 5432)])
  await bench.settle()
  const first = ['shop-api-1', { api: '127.0.0.1', db: '172.18.0.2' }]
  assert.deepEqual(bench.told, [first])

  bench.put('db', 1, [], 'starting')
  bench.refuse(true)
  bench.put('db', 1, [bound('172.18.0.9', 5432)])
  await bench.settle()
  bench.refuse(false)
  bench.declare(serviceSpec('worker'))
  await until('all are told', async () => {
    await bench.settle()
    return bench.told.length >= 3
  })
  assert.deepEqual(bench.told.slice(1), [
    ['shop-api-1', { api: '127.0.0.1', db: '172.18.0.9', worker: '127.0.0.1' }],
    ['shop-db-1', { api: 'host-gateway', worker: 'host-gateway' }],
  ])
  bench.hosts.close()
})

test('a container that Docker Compose started has no names yet, and loses them when it is restarted', async () => {
  const bench = createBench()
  bench.declare(serviceSpec('api'))
  bench.declare(containerSpec('db'))
  bench.takenOver.add('shop-db-1')
  bench.put('db', 1, [])
  await bench.settle()
  const names = ['shop-db-1', { api: 'host-gateway' }]
  assert.deepEqual(bench.told, [names])
  bench.declare(containerSpec('db'))
  await bench.settle()
  assert.deepEqual(bench.told, [names], 'told once')
  bench.put('db', 1, [], 'failed')
  bench.put('db', 1, [], 'running', new Date(1000))
  await bench.settle()
  assert.deepEqual(bench.told, [names, names])
  bench.hosts.close()
})
