import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { GatewayConfig } from '../config/model.ts'
import type { ServiceTuning } from '../config/tuning.ts'
import { createManualClock } from '../../kernel/testing/clock.ts'
import {
  aConfig,
  aConsumer,
  aPlugin,
  aRoute,
  aService,
  aTarget,
  anUpstream,
  openGateway,
  startOrigin,
  startRawOrigin,
  until,
  type Origin,
} from '../testing/gateway.ts'
import { Type } from 'typebox'
import { definePlugin } from '../plugins/plugin.ts'

/** An origin that says its name and what it was asked for. */
const named = (name: string): Promise<Origin> =>
  startOrigin((request, response) => response.end(`${name} ${request.method} ${request.url}`))

/** Service `app` with this tuning on these ports, and other services by name. */
const tuned = (
  tuning: ServiceTuning,
  ports: readonly number[],
  others: Readonly<Record<string, number>> = {},
  more: Partial<GatewayConfig> = {},
): GatewayConfig =>
  aConfig({
    services: [
      aService('app', { host: 'app-targets', 'x-keelson': tuning, retries: 0 }),
      ...Object.entries(others).map(([name, port]) => aService(name, { port })),
    ],
    upstreams: [anUpstream('app-targets')],
    targets: ports.map((port) => aTarget('app-targets', `127.0.0.1:${port}`)),
    routes: [aRoute('app', 'app')],
    ...more,
  })

const retry: NonNullable<ServiceTuning['retry']> = {
  on: ['status'],
  statuses: [503],
  methods: null,
  attempts: 3,
  budget: 0.2,
  back_off_ms: 1,
  back_off_max_ms: 2,
}

test('retry: chosen statuses of repeatable requests are tried again, others are passed on', async () => {
  let asked = 0
  await using origin = await startOrigin((request, response) => {
    request.resume()
    asked += 1
    response.statusCode = asked < 3 ? 503 : 200
    response.end(`answer ${asked}`)
  })
  await using gateway = await openGateway({ config: tuned({ retry }, [origin.port]) })
  assert.equal(await (await gateway.fetch('/')).text(), 'answer 3')
  asked = 0
  const posted = await gateway.fetch('/', { method: 'POST', body: 'once' })
  assert.deepEqual([posted.status, await posted.text()], [503, 'answer 1'])
  asked = 0
  const put = await gateway.fetch('/', { method: 'PUT', body: 'x'.repeat(1000) })
  assert.deepEqual([put.status, await put.text()], [200, 'answer 3'])
  asked = -10
  assert.equal((await gateway.fetch('/')).status, 503, 'three attempts are all')
  assert.equal(asked, -7)
})

test('retry: another target takes over for one that resets', async () => {
  await using broken = await startRawOrigin((socket) => socket.on('data', () => socket.destroy()))
  await using well = await named('well')
  const config = tuned({ retry: { ...retry, on: ['reset'] } }, [broken.port, well.port])
  await using gateway = await openGateway({ config })
  for (let n = 0; n < 6; n += 1) {
    assert.equal(await (await gateway.fetch(`/${n}`)).text(), `well GET /${n}`)
  }
})

test('hedge: a second attempt answers for one that hangs, and the slow one is given up', async () => {
  await using hanging = await startRawOrigin(() => {})
  await using quick = await named('quick')
  const hedge = { after_ms: 20, max: 1 }
  const config = tuned({ hedge }, [hanging.port, quick.port])
  await using gateway = await openGateway({ config })
  for (let n = 0; n < 4; n += 1) {
    assert.equal(await (await gateway.fetch('/')).text(), 'quick GET /')
  }
  await until(() => hanging.open() === 0, 'the slow attempts are given up')
  assert.deepEqual(gateway.proxy.inFlight(), {})
})

test('hedge: when the first attempt fails, its hedge answers; when both fail, so does the request', async () => {
  const asked: (() => void)[] = []
  await using dying = await startRawOrigin((socket) => {
    socket.on('data', () => asked.push(() => socket.destroy()))
  })
  const answers: (() => void)[] = []
  await using late = await startOrigin((_request, response) => {
    answers.push(() => response.end('late'))
  })
  const config = tuned({ hedge: { after_ms: 1, max: 1 } }, [dying.port, late.port])
  await using gateway = await openGateway({ config })
  const answer = gateway.fetch('/')
  await until(() => asked.length + answers.length === 2, 'both are asked')
  for (const die of asked.splice(0)) die()
  await until(() => dying.open() === 0, 'one is gone')
  for (const release of answers.splice(0)) release()
  assert.equal(await (await answer).text(), 'late')
  const failing = gateway.fetch('/')
  await until(() => asked.length + answers.length === 2, 'both are asked')
  for (const die of asked.splice(0)) die()
  await late.kill()
  assert.equal((await failing).status, 502)
  assert.deepEqual(gateway.proxy.inFlight(), {})
})

/** Requests that the gateway has taken in, those in line included. */
const underWay = (metrics: string): number =>
  Number(/requests_in_flight\{[^}]*service="app"[^}]*\} (\d+)/.exec(metrics)?.[1])

test('bulkhead: so many at once, so many in line, the rest is refused', async () => {
  const waiting: (() => void)[] = []
  await using origin = await startOrigin((_request, response) => {
    waiting.push(() => response.end('done'))
  })
  const bulkhead = { max_in_flight: 2, max_queue: 1, max_wait_ms: 60_000 }
  await using gateway = await openGateway({ config: tuned({ bulkhead }, [origin.port]) })
  const taken = ['/1', '/2', '/3'].map((path) => gateway.fetch(path))
  await until(() => underWay(gateway.metrics()) === 3, 'two are in and one is in line')
  assert.equal((await gateway.fetch('/4')).status, 503)
  await until(() => waiting.length === 2, 'two are asked')
  waiting.shift()?.()
  await until(() => waiting.length === 2, 'the one in line is let in')
  for (const release of waiting) release()
  for (const answer of taken) assert.equal((await answer).status, 200)
})

test('bulkhead: who waits too long gets 503, and who leaves leaves the line', async () => {
  const clock = createManualClock()
  await using origin = await startRawOrigin(() => {})
  const bulkhead = { max_in_flight: 1, max_queue: 1, max_wait_ms: 500 }
  await using gateway = await openGateway({ config: tuned({ bulkhead }, [origin.port]), clock })
  const leaving = new AbortController()
  const first = gateway.fetch('/1', { signal: leaving.signal })
  await until(() => origin.open() === 1, 'the first is in')
  const second = gateway.fetch('/2')
  await until(() => underWay(gateway.metrics()) === 2, 'the second is in line')
  clock.advance(1000)
  assert.equal((await second).status, 503)
  const impatient = new AbortController()
  const third = gateway.fetch('/3', { signal: impatient.signal })
  await until(() => underWay(gateway.metrics()) === 2, 'the third is in line')
  impatient.abort()
  await assert.rejects(third)
  await until(() => underWay(gateway.metrics()) === 1, 'it has left')
  leaving.abort()
  await assert.rejects(first)
})

test('adaptive concurrency: begins with its least, and refuses what is beyond', async () => {
  await using origin = await startRawOrigin(() => {})
  const adaptive_concurrency = { min: 1, max: 10, tolerance: 2 }
  await using gateway = await openGateway({
    config: tuned({ adaptive_concurrency }, [origin.port]),
  })
  const leaving = new AbortController()
  gateway.fetch('/1', { signal: leaving.signal }).catch(() => {})
  await until(() => origin.open() === 1, 'the first is in')
  assert.equal((await gateway.fetch('/2')).status, 503)
  leaving.abort()
})

test('mirror: another service sees the request, and nobody waits for its answer', async () => {
  await using app = await named('app')
  const copies: string[] = []
  await using copy = await startOrigin((request) => {
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => copies.push(`${request.method} ${request.url} ${body}`)) // no answer
  })
  const mirror = { service: 'copy', percent: 100, body_limit: 1000 }
  const config = tuned({ mirror }, [app.port], { copy: copy.port })
  await using gateway = await openGateway({ config })
  assert.equal(await (await gateway.fetch('/a')).text(), 'app GET /a')
  const init = { method: 'POST', body: 'hello' }
  assert.equal(await (await gateway.fetch('/b', init)).text(), 'app POST /b')
  const large = { method: 'POST', body: 'x'.repeat(2000) }
  assert.equal(await (await gateway.fetch('/c', large)).text(), 'app POST /c')
  await until(() => copies.length === 2, 'the copies arrive')
  assert.deepEqual(copies.toSorted(), ['GET /a ', 'POST /b hello'])
})

test('failover: another service stands in when no target takes connections', async () => {
  await using standIn = await named('stand-in')
  await using app = await named('app')
  const config = tuned({ failover: 'other' }, [app.port], { other: standIn.port })
  await using gateway = await openGateway({ config })
  assert.equal(await (await gateway.fetch('/')).text(), 'app GET /')
  await app.kill()
  assert.equal(await (await gateway.fetch('/')).text(), 'stand-in GET /')
  assert.equal(await (await gateway.fetch('/')).text(), 'stand-in GET /')
})

const knowing = definePlugin({
  name: 'knowing',
  priority: 1000,
  summary: 'knows its callers by x-user',
  schema: Type.Object({}),
  scopes: ['service', 'route'],
  protocols: ['http'],
  create: () => ({
    access: (exchange) => {
      const consumer = exchange.consumers.find(exchange.request.headers.get('x-user') ?? '')
      if (consumer !== undefined) exchange.authenticate({ consumer, credential: null })
    },
  }),
})

test('split: by header, by consumer and by weight; paths are those of the service that is chosen', async () => {
  await using app = await named('app')
  await using beta = await named('beta')
  const rules = [
    { service: 'beta', header: { name: 'X-Beta' } },
    { service: 'beta', consumers: ['ann'] },
    { service: 'beta', weight: 50 },
  ]
  const config = tuned({ split: { rules, sticky: false } }, [app.port], { beta: beta.port })
  const services = config.services.map((service) =>
    service.name === 'beta' ? { ...service, path: '/v2' } : service,
  )
  await using gateway = await openGateway({
    plugins: [knowing],
    config: {
      ...config,
      services,
      consumers: [aConsumer('ann')],
      plugins: [aPlugin('knowing')],
    },
  })
  const text = async (headers: Record<string, string>) =>
    (await gateway.fetch('/x', { headers })).text()
  assert.equal(await text({ 'x-beta': '1' }), 'beta GET /v2/x')
  assert.equal(await text({ 'x-user': 'ann' }), 'beta GET /v2/x')
  const seen = new Map<string, number>()
  for (let n = 0; n < 60; n += 1) {
    const answer = await text({})
    seen.set(answer, (seen.get(answer) ?? 0) + 1)
  }
  assert.deepEqual([...seen.keys()].sort(), ['app GET /x', 'beta GET /v2/x'])
})

test('canary: a version that fails gets nothing any more', async () => {
  await using app = await named('app')
  await using canary = await startOrigin((_request, response) => {
    response.statusCode = 500
    response.end('canary')
  })
  const clock = createManualClock()
  const split = {
    rules: [{ service: 'next', weight: 0 }],
    sticky: false,
    canary: {
      ...{ steps: [50, 100], step_ms: 60_000, max_error_rate: 0.1, max_p95_ratio: 0 },
      min_requests: 5,
    },
  }
  const config = tuned({ split }, [app.port], { next: canary.port })
  await using gateway = await openGateway({ config, clock })
  const statuses = async (count: number): Promise<Set<number>> => {
    const seen = new Set<number>()
    for (let n = 0; n < count; n += 1) seen.add((await gateway.fetch('/')).status)
    return seen
  }
  assert.deepEqual(
    [...(await statuses(60))].sort((a, b) => a - b),
    [200, 500],
  )
  clock.advance(2000)
  assert.deepEqual([...(await statuses(40))], [200])
  const kept = gateway.proxy.canaries()
  assert.match(kept[0]?.reason ?? '', /% of its \d+ requests failed/)
  assert.deepEqual(gateway.logged.at(-1)?.message, 'canary rolled back')

  // Another change of the service leaves it as it is.
  await gateway.apply(tuned({ split, retry }, [app.port], { next: canary.port }))
  assert.deepEqual([...(await statuses(40))], [200])
  // So does a restart, with what was kept.
  await using restarted = await openGateway({ config, clock, canaries: kept })
  assert.equal((await restarted.fetch('/')).status, 200)
  assert.deepEqual(restarted.proxy.canaries(), kept)
  // Another split begins anew.
  const others = { ...split, sticky: true }
  await gateway.apply(tuned({ split: others }, [app.port], { next: canary.port }))
  assert.equal(gateway.proxy.canaries()[0]?.outcome, 'moving')
})

test('total_timeout_ms bounds the whole answer, also when bytes keep coming', async () => {
  const clock = createManualClock()
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\nsome'))
  })
  const config = tuned({ total_timeout_ms: 1000 }, [origin.port])
  await using gateway = await openGateway({ config, clock })
  const answer = await gateway.fetch('/')
  clock.advance(1200)
  await assert.rejects(answer.text())
  await using silent = await startRawOrigin(() => {})
  await gateway.apply(tuned({ total_timeout_ms: 1000 }, [silent.port]))
  const late = gateway.fetch('/')
  await until(() => silent.open() === 1, 'it is asked')
  clock.advance(1200)
  assert.equal((await late).status, 504)
})
