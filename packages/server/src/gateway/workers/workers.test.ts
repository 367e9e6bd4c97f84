import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { AppError } from '../../kernel/errors.ts'
import { until } from '../../kernel/testing/index.ts'
import { bind } from '../proxy/front/bind.ts'
import { startOrigin } from '../testing/gateway.ts'
import { openWorkers, type Workers } from './testing/open-workers.ts'

const saying = (message: string): string => `
routes: [{ name: r, paths: [/] }]
plugins: [{ name: request-termination, config: { status_code: 200, message: ${message} } }]`

const inFrontOf = (port: number, ...plugins: string[]): string => `
services: [{ name: s, url: "http://127.0.0.1:${port}", routes: [{ name: r, paths: [/] }] }]
plugins: [${plugins.join()}]`

const times = <T>(count: number, work: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, work))

/** Which worker takes a connection is the kernel's choice: asks until each has taken one. */
const askAllWorkers = async ({ get, threads }: Workers, path: string): Promise<void> => {
  const accepted = async (): Promise<number[]> => {
    const all = await Promise.all(threads.map(({ line }) => line.ask('figure', 'connections')))
    return (all as { accepted: number }[]).map((one) => one.accepted)
  }
  const before = await accepted()
  await until('every worker has been asked', async () => {
    await get(path)
    return (await accepted()).every((count, at) => count > (before[at] ?? 0))
  })
}

const limits = {
  window: 'rate-limiting, config: { year: 20, policy: local, limit_by: ip }',
  gcra: 'rate-limit, config: { strategy: gcra, limit: 20, period: 31536000, limit_by: ip }',
  slides: 'rate-limit, config: { strategy: sliding-window, limit: 20, period: 31536000 }',
}

test('a limit holds exactly over workers, however it counts', async () => {
  await using origin = await startOrigin((_, response) => response.end('here'))
  const routes = Object.entries(limits).map(
    ([path, plugin]) => `{ name: ${path}, paths: [/${path}], plugins: [{ name: ${plugin} }] }`,
  )
  await using w = await openWorkers(`
services: [{ name: s, url: "http://127.0.0.1:${origin.port}", routes: [${routes.join()}] }]`)
  for (const path of Object.keys(limits)) {
    const answers = await times(60, () => w.get(`/${path}`))
    assert.equal(answers.filter(({ status }) => status === 200).length, 20, path)
    await askAllWorkers(w, `/${path}`)
    assert.equal((await w.get(`/${path}`)).status, 429)
  }
})

test('as many are under way as the limit; what a lost worker held is free again', async () => {
  let held: (() => void)[] = []
  await using origin = await startOrigin((_, response) => held.push(() => response.end('here')))
  const limit = '{ name: in-flight-limit, config: { limit: 3 } }'
  await using w = await openWorkers(inFrontOf(origin.port, limit))
  /** Ten at once; those that are let in wait to be ended. */
  const askTen = async () => {
    held = []
    let refused = 0
    const answers = times(10, async () => {
      const { status } = await w.get('/').catch(() => ({ status: 0 }))
      if (status === 429) refused += 1
      return status
    })
    await until('three are held', () => held.length === 3 && refused === 7)
    return { answers }
  }
  const lost = await askTen()
  for (const { kill } of [...w.threads]) kill()
  assert.deepEqual(new Set(await lost.answers), new Set([0, 429]))
  await until(
    'others serve',
    () => w.logged.filter((line) => /serves again/.test(line)).length === 2,
  )
  const next = await askTen()
  for (const end of held) end()
  assert.deepEqual(new Set(await next.answers), new Set([200, 429]))
})

test('when a configuration is applied, no worker answers by an older one', async () => {
  await using w = await openWorkers(saying('number-0'), { count: 3 })
  for (let number = 1; number <= 10; number += 1) {
    await w.apply(saying(`number-${number}`))
    for (const { body } of await times(10, () => w.get('/'))) {
      assert.match(body, new RegExp(`number-${number}"`))
    }
  }
})

test('WebSockets stay over reloads', async () => {
  await using origin = await startOrigin((_, response) => response.end())
  const echo = new WebSocketServer({ server: origin.server })
  echo.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
  await using w = await openWorkers(inFrontOf(origin.port))
  const sockets = await times(6, async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${w.port}/`)
    await once(socket, 'open')
    return socket
  })
  await w.apply(saying('else'))
  for (const socket of sockets) {
    const answer = once(socket, 'message')
    socket.send('still here')
    assert.equal(String((await answer)[0]), 'still here')
    socket.terminate()
  }
  assert.match((await w.get('/')).body, /else/)
})

test('purges, outdating requests and warming reach the cache of every worker', async () => {
  let asked = 0
  await using origin = await startOrigin((_, response) => {
    asked += 1
    response.setHeader('cache-control', 'max-age=600')
    response.end('here')
  })
  const cache = '{ name: http-cache, config: { memory_bytes: 8388608 } }'
  await using w = await openWorkers(inFrontOf(origin.port, cache))
  const cached = async () => {
    const { caches } = (await w.plane.answer({ kind: 'states' })) as {
      caches: { entries: number; memoryLimitBytes: number }[]
    }
    return caches[0]
  }
  await askAllWorkers(w, '/a')
  assert.equal((await cached())?.entries, 2)
  assert.equal((await cached())?.memoryLimitBytes, 8_388_608, 'of both together')
  assert.deepEqual(await w.plane.answer({ kind: 'purge', what: { all: true } }), { removed: 2 })
  assert.equal((await cached())?.entries, 0)

  await askAllWorkers(w, '/a')
  await w.get('/a', 'POST')
  await until('it is outdated everywhere', async () => (await cached())?.entries === 0)

  asked = 0
  const warm = { kind: 'warm', host: 'localhost', paths: ['/a'] } as const
  assert.deepEqual(await w.plane.answer(warm), { stored: 1, failed: 0, failures: [] })
  await askAllWorkers(w, '/a')
  assert.equal(asked, 2, 'each worker has asked once, when it was warmed')
})

test('a worker that is lost takes nothing with it but its connections', async () => {
  await using w = await openWorkers(saying('here'))
  await askAllWorkers(w, '/')
  const answered = async (): Promise<number> => {
    const lines = (await w.plane.metrics()).split('\n')
    const line = lines.find((one) => one.startsWith('keelson_gateway_requests_total'))
    return Number(line?.split(' ').at(-1))
  }
  const before = await answered()
  w.threads[0]?.kill()
  await until('it is missed', () => w.logged.includes('gateway worker lost, another one starts'))
  assert.match((await w.plane.problems()).join(), /Worker 1 of the gateway is lost/)
  assert.match(await w.plane.metrics(), /^keelson_gateway_workers 1$/m)
  assert.equal((await w.get('/')).status, 200)
  await until('another one serves', () => w.logged.includes('gateway worker serves again'))
  assert.deepEqual(await w.plane.problems(), [])
  assert.match(await w.plane.metrics(), /^keelson_gateway_worker_restarts_total 1$/m)
  assert.equal(await answered(), before + 1, 'what it had counted stays')
})

test('the end of the gateway waits for what is under way in every worker', async () => {
  const held: (() => void)[] = []
  await using origin = await startOrigin((_, response) => held.push(() => response.end('here')))
  await using w = await openWorkers(inFrontOf(origin.port))
  const answers = times(8, () => w.get('/'))
  await until('all are under way', () => held.length === 8)
  assert.equal((await w.plane.connections()).inFlight, 8)
  const closed = w.plane.close(60_000)
  for (const end of held) end()
  assert.ok((await answers).every(({ status }) => status === 200))
  await closed
})

test('one worker does the active checks, and all of them hear of it', async () => {
  let status = 500
  await using origin = await startOrigin(({ url }, response) => {
    response.writeHead(url === '/up' ? status : 200).end()
  })
  await using w = await openWorkers(`
upstreams:
  - name: u
    targets: [{ target: "127.0.0.1:${origin.port}" }]
    healthchecks:
      active:
        http_path: /up
        healthy: { interval: 0.2, successes: 1 }
        unhealthy: { interval: 0.2, http_failures: 1 }
services: [{ name: s, host: u, routes: [{ name: r, paths: [/] }] }]`)
  const views = async (): Promise<string[]> => {
    const all = await Promise.all(
      w.threads.map(({ line }) => line.ask('answer', { kind: 'states' })),
    )
    return (all as { upstreams: { targets: { state: string }[] }[] }[]).map(({ upstreams }) =>
      upstreams.flatMap(({ targets }) => targets.map(({ state }) => state)).join(),
    )
  }
  await until('both have put it out', async () =>
    (await views()).every((one) => /unhealthy/.test(one)),
  )
  status = 200
  await until('it is back for both', async () =>
    (await views()).every((one) => !/unhealthy/.test(one)),
  )
})

test('a port that somebody else has is not shared with them', async () => {
  const other = createServer()
  // As another gateway with workers has it.
  const { port } = await bind(other, { host: '127.0.0.1', port: 0, share: async () => {} })
  await assert.rejects(
    openWorkers(saying('here'), { publicPort: port }),
    (error: unknown) => error instanceof AppError && error.code === 'port_taken',
  )
  other.close()
})
