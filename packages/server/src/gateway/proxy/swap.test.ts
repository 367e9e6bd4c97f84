import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { test } from 'node:test'

import { openGateway } from '../testing/gateway.ts'
import { endpoint, freePort, route, snapshotOf, startOrigin, startProxy, until } from './testing.ts'

test('swaps under load drop no request: other instances, other routes, other edges', async () => {
  const answer = (name: string) =>
    startOrigin((request, response) => {
      // Half of the answers come later than the next swap.
      if (request.url === '/quick') response.end(name)
      else setTimeout(() => response.end(name), 10)
    })
  await using a = await answer('a')
  await using b = await answer('b')
  const edgePort = await freePort()
  const edge = { source: 'shop/web', service: 'shop/app', port: edgePort, timeoutMs: 5000 }
  const snapshots = [
    snapshotOf([endpoint('a', a.port)], { edges: [edge] }),
    snapshotOf([endpoint('b', b.port)], { edges: [edge] }),
    snapshotOf([endpoint('a', a.port), endpoint('b', b.port, { healthy: false })], {
      edges: [edge],
      routes: Array.from({ length: 200 }, (_, index) => route('shop/app', `/r${index}`)).concat(
        route('shop/app', '/'),
      ),
    }),
  ]
  await using gateway = await startProxy(snapshots[0] ?? snapshotOf([]))
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  let stop = false
  let answered = 0
  const failures: string[] = []
  const client = async (port: number, path: string, method: string) => {
    while (!stop) {
      try {
        const request = httpRequest({ port, host: '127.0.0.1', path, method, agent })
        request.end(method === 'POST' ? 'body' : undefined)
        const [response] = (await once(request, 'response')) as [IncomingMessage]
        const text = Buffer.concat(await response.toArray()).toString()
        if (response.statusCode !== 200 || !/^[ab]$/.test(text)) failures.push(`${path} ${text}`)
        answered += 1
      } catch (error) {
        failures.push(String(error))
      }
    }
  }
  const clients = [
    ...Array.from({ length: 6 }, () => client(gateway.port, '/quick', 'GET')),
    ...Array.from({ length: 6 }, () => client(gateway.port, '/r7/slow', 'GET')),
    ...Array.from({ length: 4 }, () => client(gateway.port, '/post', 'POST')),
    ...Array.from({ length: 4 }, () => client(edgePort, '/quick', 'GET')),
  ]
  let swaps = 0
  while (swaps < 300) {
    const next = snapshots[swaps % snapshots.length] ?? snapshotOf([])
    await gateway.proxy.apply({ ...next, revision: swaps + 2 })
    swaps += 1
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await until(() => answered > 1000, 'a thousand answers')
  stop = true
  await Promise.all(clients)
  agent.destroy()
  assert.deepEqual(failures, [])
})

test('counters go on through swaps and are bounded', async () => {
  await using origin = await startOrigin((_request, response) => response.end('x'))
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  for (let revision = 2; revision < 12; revision += 1) {
    await (await fetch(gateway.url)).text()
    await gateway.proxy.apply({ ...snapshotOf([endpoint('app-1', origin.port)]), revision })
  }
  const app = gateway.proxy.counters().find(({ service }) => service === 'shop/app')
  assert.equal(app?.requests, 10)
  for (let round = 0; round < 30; round += 1) {
    const routes = Array.from({ length: 100 }, (_, index) =>
      route(`shop/s${round}-${index}`, `/p${index}`),
    )
    await gateway.proxy.apply(snapshotOf([], { routes }))
  }
  assert.ok(gateway.proxy.counters().length <= 1024 + 102)
})

test('what has not changed keeps its state: a target that is out, and what was counted', async () => {
  await using failing = await startOrigin((_request, response) => {
    response.statusCode = 500
    response.end()
  })
  await using fine = await startOrigin((_request, response) => response.end('x'))
  const config = (others: number) =>
    JSON.stringify({
      _format_version: '3.0',
      upstreams: [
        {
          name: 'up',
          targets: [failing, fine].map(({ port }) => ({ target: `127.0.0.1:${port}` })),
          healthchecks: { passive: { unhealthy: { http_failures: 3 } } },
        },
      ],
      services: [
        {
          name: 's',
          host: 'up',
          routes: [
            { name: 'counted', paths: ['/'] },
            ...Array.from({ length: others }, (_, at) => ({ name: `r${at}`, paths: [`/r${at}`] })),
          ],
          plugins: [{ name: 'rate-limiting', config: { year: 1000 } }],
        },
      ],
    })
  await using gateway = await openGateway({ config: config(0) })
  const remaining = async (): Promise<number> => {
    const { headers } = await gateway.fetch('/')
    return Number(headers.get('x-ratelimit-remaining-year'))
  }
  const states = () =>
    gateway.proxy.upstreams().flatMap(({ targets }) => targets.map(({ state }) => state))
  for (let request = 0; request < 8; request += 1) await remaining()
  assert.ok(states().includes('ejected'))
  const before = await remaining()
  await gateway.apply(config(300))
  assert.ok(states().includes('ejected'))
  assert.equal(await remaining(), before - 1)
})
