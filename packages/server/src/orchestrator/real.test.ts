import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../kernel/clock.ts'
import { quietLog, until } from '../kernel/testing/index.ts'
import { createLogStore, type LogStore } from './logs/index.ts'
import { createProcessRuntime } from './runtime-process/index.ts'
import { createHouseDb, openHouse, type House } from './testing/house.ts'
import { needs, probeTiming, serviceSpec, stackSpec } from './testing/spec.ts'

/** A house with real processes and a real PostgreSQL; nothing of it outlives the test. */
const createRealBench = async () => {
  const db = await createHouseDb()
  const dir = await mkdtemp(join(tmpdir(), 'keelson-house-'))
  const houses: House[] = []
  const stores: LogStore[] = []
  const own = stackSpec('keelson', [])
  const open = async (): Promise<House> => {
    const logs = createLogStore({ dir: join(dir, 'logs'), clock: systemClock })
    const options = { stateDir: join(dir, 'run'), logs, clock: systemClock, log: quietLog }
    const house = await openHouse({ db: db.db, process: createProcessRuntime(options) })
    houses.push(house)
    stores.push(logs)
    await house.start(own)
    return house
  }
  return {
    ...{ dir, open },
    async [Symbol.asyncDispose]() {
      await houses.at(-1)?.orchestrator.stopAll('the test is over')
      for (const house of houses) await house.crash()
      for (const logs of stores) await logs.close()
      await db[Symbol.asyncDispose]()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

const script = `
const { createServer } = require('node:http')
createServer((_, response) => response.end('ok')).listen(Number(process.env.PORT), '127.0.0.1')
`

const pidOf = (house: House, name: string): number | null =>
  house.registry.findInstance(name)?.pid ?? null
const isHealthy = (house: House, name: string): boolean =>
  house.health.instance(name)?.state === 'healthy'
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('real processes: healthy, killed and replaced, adopted after a crash, removed', async () => {
  await using bench = await createRealBench()
  await writeFile(join(bench.dir, 'server.cjs'), script)
  const first = await bench.open()
  const probe = { kind: 'http' as const, path: '/', ...probeTiming }
  const stack = stackSpec(
    'shop',
    [
      serviceSpec('api', { command: [process.execPath, 'server.cjs'], port: 'auto', probe }),
      serviceSpec('worker', {
        command: ['sleep', '600'],
        dependsOn: [needs('api', 'service_healthy')],
      }),
    ],
    { workingDir: bench.dir },
  )
  await first.apply(stack)
  const names = ['shop-api-1', 'shop-worker-1']
  await until('all healthy', () => names.every((name) => isHealthy(first, name)))

  const killed = pidOf(first, 'shop-api-1')
  assert.ok(killed !== null)
  process.kill(killed, 'SIGKILL')
  await until('it is replaced', () => {
    const pid = pidOf(first, 'shop-api-1')
    return pid !== null && pid !== killed && isHealthy(first, 'shop-api-1')
  })
  assert.equal(first.registry.findInstance('shop-api-1')?.restarts, 1)
  assert.deepEqual((await first.apply(stack)).actions, [])

  const pids = names.map((name) => pidOf(first, name))
  await first.recorder.flush(5000)
  await first.crash()
  const second = await bench.open()
  await until('all healthy again', () => names.every((name) => isHealthy(second, name)))
  assert.deepEqual(
    names.map((name) => pidOf(second, name)),
    pids,
  )
  assert.equal(second.registry.findInstance('shop-api-1')?.restarts, 1)

  await second.remove('shop')
  for (const pid of pids) assert.ok(pid !== null && !isAlive(pid), `${pid} is left`)
  const left = await readdir(join(bench.dir, 'run'), { recursive: true, withFileTypes: true })
  assert.deepEqual(
    left.filter((entry) => entry.isFile()),
    [],
  )
})

test('a real process moves to another port when a stranger has taken its own', async () => {
  await using bench = await createRealBench()
  await writeFile(join(bench.dir, 'server.cjs'), script)
  const first = await bench.open()
  const probe = { kind: 'http' as const, path: '/', ...probeTiming }
  const api = serviceSpec('api', { command: [process.execPath, 'server.cjs'], port: 'auto', probe })
  const stack = stackSpec('shop', [api], { workingDir: bench.dir })
  await first.apply(stack)
  await until('it is healthy', () => isHealthy(first, 'shop-api-1'))
  const before = first.registry.findInstance('shop-api-1')?.ports[0]?.port
  await first.orchestrator.stopAll('Keelson stops')
  await first.leave()
  const stranger = createServer().listen(before, '127.0.0.1')
  await once(stranger, 'listening')
  try {
    const second = await bench.open()
    await until('it is healthy elsewhere', () => isHealthy(second, 'shop-api-1'))
    assert.notEqual(second.registry.findInstance('shop-api-1')?.ports[0]?.port, before)
    assert.equal((stranger.address() as AddressInfo).port, before)
  } finally {
    stranger.close()
  }
})

const versioned = `
const { createServer } = require('node:http')
const server = createServer((_, response) => setTimeout(() => response.end(process.env.VERSION), 5))
server.listen(Number(process.env.PORT), '127.0.0.1')
`

/** Sends requests to whoever takes them, one after the other, and counts them for the drain. */
const createCaller = (house: House, service: string) => {
  const inFlight = new Map<string, number>()
  const answers = new Map<string, number>()
  const failures: unknown[] = []
  let stopped = false
  let turn = 0
  const takers = () =>
    house.registry
      .instancesOf(service)
      .filter(({ name, draining }) => !draining && isHealthy(house, name))
  const call = async (): Promise<void> => {
    const all = takers()
    const one = all[(turn += 1) % Math.max(1, all.length)]
    if (one === undefined) return void failures.push('nobody takes requests')
    inFlight.set(one.name, (inFlight.get(one.name) ?? 0) + 1)
    try {
      const answer = await (await fetch(`http://127.0.0.1:${one.ports[0]?.port}/`)).text()
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
    } catch (error) {
      failures.push(error)
    } finally {
      inFlight.set(one.name, (inFlight.get(one.name) ?? 1) - 1)
    }
  }
  const run = async (): Promise<void> => {
    while (!stopped) await call()
  }
  const running = Promise.all([run(), run(), run(), run()])
  return {
    ...{ answers, failures },
    drained: async ([name = '']: readonly string[]) => {
      await until('nothing is under way', () => (inFlight.get(name) ?? 0) === 0)
      return { drained: true, inFlight: 0 }
    },
    stop: async (): Promise<void> => {
      stopped = true
      await running
    },
  }
}

test('real processes: updated, restarted and taken back under load, and no request fails', async () => {
  await using bench = await createRealBench()
  await writeFile(join(bench.dir, 'server.cjs'), versioned)
  const house = await bench.open()
  const probe = { kind: 'http' as const, path: '/', ...probeTiming }
  const at = (version: string) =>
    stackSpec(
      'shop',
      [
        serviceSpec('api', {
          ...{ command: [process.execPath, 'server.cjs'], port: 'auto', probe, replicas: 3 },
          environment: { VERSION: version },
          update: {
            ...{ strategy: 'rolling', parallelism: 2, delayMs: 0, failureAction: 'rollback' },
            ...{ monitorMs: 100, maxFailureRatio: 0 },
          },
        }),
      ],
      { workingDir: bench.dir },
    )
  await house.apply(at('one'))
  await until('all healthy', () => house.health.service('shop/api')?.instancesHealthy === 3)
  const caller = createCaller(house, 'shop/api')
  house.orchestrator.useDrain({ drained: caller.drained, routedTo: () => Promise.resolve(true) })
  const reaches = (phase: string) =>
    until(phase, () => house.orchestrator.rollouts('shop')[0]?.phase === phase)
  await house.apply(at('two'))
  await reaches('completed')
  await house.orchestrator.restartService('shop/api', 'asked for')
  await house.rollBackService('shop/api')
  await reaches('rolled_back')
  await caller.stop()
  assert.deepEqual(caller.failures, [])
  assert.ok((caller.answers.get('one') ?? 0) > 0 && (caller.answers.get('two') ?? 0) > 0)
  assert.equal(house.registry.instancesOf('shop/api').filter(({ wanted }) => wanted).length, 3)
})
