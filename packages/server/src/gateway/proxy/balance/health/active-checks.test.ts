import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'

import type { TargetState } from '../upstream-state.ts'
import {
  ejectAfter,
  specOf,
  startUpstreams,
  targetOf,
  upstreamOf,
  type UpstreamChanges,
} from '../testing.ts'

const active: NonNullable<UpstreamChanges['active']> = {
  timeout: 60,
  healthy: { interval: 2, http_statuses: [200], successes: 2 },
  unhealthy: {
    ...{ interval: 1, http_statuses: [500, 503] },
    ...{ tcp_failures: 2, timeouts: 2, http_failures: 2 },
  },
}

/** A service whose health can be changed, and an upstream that looks at it. */
const start = async (changes: UpstreamChanges = { active }) => {
  let status = 200
  let looks = 0
  const server = createServer((_request, response) => {
    looks += 1
    response.statusCode = status
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const world = startUpstreams()
  const targets = [targetOf(`127.0.0.1:${port}`)]
  const pool = world.use(specOf({ upstream: upstreamOf(changes), targets }))
  const states = new Set<TargetState['state']>()
  const state = () => world.states()[0]
  /** Half a second passes, and whatever a check has to say arrives. */
  const halfSecond = async (): Promise<void> => {
    world.wait(500)
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    states.add(state()?.state ?? 'unresolved')
  }
  return {
    ...world,
    ...{ pool, states, state, halfSecond },
    set: (next: number) => (status = next),
    looks: () => looks,
    until: async (wanted: TargetState['state']): Promise<number> => {
      const before = looks
      for (let round = 0; round < 2000; round += 1) {
        if (state()?.state === wanted) return looks - before
        await halfSecond()
      }
      throw new Error(`never ${wanted}: ${JSON.stringify(state())}`)
    },
    [Symbol.asyncDispose]: async () => {
      world.upstreams.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('checks put a target out and bring it back, each after as many looks as told', async () => {
  await using world = await start()
  await world.halfSecond()
  assert.equal(world.state()?.state, 'healthy')
  world.set(503)
  assert.ok((await world.until('unhealthy')) >= 2)
  assert.equal(world.state()?.reason, 'active checks fail: status 503')
  world.set(200)
  assert.ok((await world.until('healthy')) >= 2)
})

test('as long as checks fail nobody else has to try', async () => {
  await using world = await start()
  world.set(500)
  await world.until('unhealthy')
  world.states.clear()
  for (let round = 0; round < 300; round += 1) await world.halfSecond()
  assert.deepEqual([...world.states], ['unhealthy'])
})

test('a status in neither list does not freeze a target (Kong/kong#15001)', async () => {
  await using world = await start()
  world.set(500)
  await world.until('unhealthy')
  world.set(404)
  await world.until('half-open')
  world.send(world.pool, 200)
  assert.equal(world.state()?.state, 'healthy')
})

test('checks bring back what requests put out', async () => {
  await using world = await start({ active, passive: ejectAfter(1) })
  world.send(world.pool, 500)
  assert.equal(world.state()?.state, 'ejected')
  world.states.clear()
  await world.until('healthy')
  assert.equal(world.states.has('half-open'), false)
})

test('an interval of 0 is no check of that kind', async () => {
  const { healthy, unhealthy } = active
  assert.ok(healthy && unhealthy)
  await using never = await start({
    active: { ...active, unhealthy: { ...unhealthy, interval: 0 } },
  })
  never.set(503)
  await never.until('unhealthy')
  const looks = never.looks()
  await never.until('half-open')
  assert.equal(never.looks(), looks)

  await using only = await start({
    active: { ...active, healthy: { ...healthy, interval: 0 } },
    passive: ejectAfter(1),
  })
  for (let round = 0; round < 20; round += 1) await only.halfSecond()
  assert.equal(only.looks(), 1)
  only.send(only.pool, 500)
  await only.until('healthy')
})

test('not more looks at once than `concurrency` says', async () => {
  const open: ServerResponse[] = []
  const server = createServer((_request, response) => void open.push(response))
  server.listen(0, '0.0.0.0')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  using world = startUpstreams()
  const targets = [1, 2, 3, 4, 5].map((at) => targetOf(`127.0.0.${at}:${port}`))
  world.use(specOf({ upstream: upstreamOf({ active: { ...active, concurrency: 2 } }), targets }))
  let most = 0
  for (let done = 0; done < 5;) {
    world.wait(0)
    await new Promise((resolve) => setImmediate(resolve))
    most = Math.max(most, open.length)
    if (open.length < Math.min(2, 5 - done)) continue
    open.shift()?.end()
    done += 1
  }
  assert.equal(most, 2)
  server.closeAllConnections()
  server.close()
})
