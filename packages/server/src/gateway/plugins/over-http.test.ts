import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { brotliDecompressSync } from 'node:zlib'
import { openGateway, startOrigin, type Origin, type TestGateway } from '../testing/gateway.ts'

type Echo = { method: string; url: string; headers: Record<string, string>; body: string }

/** Says back what it got; `x-say` adds header fields to the answer. */
const startEcho = (): Promise<Origin> =>
  startOrigin((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { method, url, headers } = request
      const said = JSON.parse(String(headers['x-say'] ?? '{}')) as Record<string, string>
      for (const [name, value] of Object.entries(said)) response.setHeader(name, value)
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(pieces).toString() }))
    })
  })

/** One route for each set of plugins, at `/<name>`. */
const sets: Record<string, object[]> = {
  'correlation-id': [{ name: 'correlation-id', config: { echo_downstream: true } }],
  'request-size-limiting': [
    { name: 'request-size-limiting', config: { allowed_payload_size: 5, size_unit: 'bytes' } },
  ],
  'rate-limiting': [{ name: 'rate-limiting', config: { year: 25, limit_by: 'ip' } }],
  'rate-limit': [{ name: 'rate-limit', config: { limit: 7, period: 86_400, limit_by: 'ip' } }],
  'response-ratelimiting': [
    { name: 'response-ratelimiting', config: { limits: { video: { year: 2 } }, limit_by: 'ip' } },
  ],
  'request-transformer': [
    {
      name: 'request-transformer',
      config: {
        http_method: 'PUT',
        remove: { headers: ['x-gone'], querystring: ['gone'], body: ['gone'] },
        add: { headers: ['x-new:$(query_params.who or "nobody")'], body: ['new:1'] },
        replace: { uri: '/changed' },
      },
    },
  ],
  'response-transformer': [
    {
      name: 'response-transformer',
      config: {
        remove: { json: ['headers'] },
        add: { headers: ['X-New:1'], json: ['n:5'], json_types: ['number'] },
      },
    },
  ],
  transform: [
    {
      name: 'transform',
      config: {
        request: { headers: { 'x-count': 'length(body.list)' } },
        response: { body: '{ count: number(body.headers["x-count"]) }' },
      },
    },
  ],
  redirect: [
    { name: 'redirect', config: { location: 'https://a.test', keep_incoming_path: true } },
  ],
  'request-termination': [{ name: 'request-termination', config: { status_code: 404 } }],
  'request-validation': [
    { name: 'request-validation', config: { body_schema: { required: ['a'] } } },
  ],
  mock: [{ name: 'mock', config: { body: '{"mocked":true}' } }],
  'fault-injection': [
    { name: 'fault-injection', config: { abort: { status: 500 }, only_with_header: 'x-chaos' } },
  ],
  compression: [{ name: 'compression', config: { min_size: 10 } }],
}

void test('over HTTP', async (t) => {
  let origin: Origin
  let gateway: TestGateway
  before(async () => {
    origin = await startEcho()
    gateway = await openGateway({
      config: JSON.stringify({
        _format_version: '3.0',
        services: [
          {
            name: 'echo',
            url: `http://127.0.0.1:${origin.port}`,
            routes: Object.entries(sets).map(([name, plugins]) => ({
              name,
              paths: [`/${name}/`],
              plugins,
            })),
          },
        ],
      }),
    })
  })
  after(async () => {
    await gateway[Symbol.asyncDispose]()
    await origin[Symbol.asyncDispose]()
  })
  const ask = (path: string, init?: RequestInit) => gateway.fetch(path, init)
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    ask(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })

  await t.test('correlation-id: service and client get the same id', async () => {
    const answer = await ask('/correlation-id/')
    const { headers } = (await answer.json()) as Echo
    assert.match(headers['kong-request-id'] ?? '', /^[0-9a-f-]{36}#\d+$/)
    assert.equal(answer.headers.get('kong-request-id'), headers['kong-request-id'])
  })

  await t.test('request-size-limiting: by length, and by what flows', async () => {
    const chunked = {
      method: 'POST',
      body: Readable.toWeb(Readable.from([Buffer.from('123'), Buffer.from('456')])),
      duplex: 'half',
    } as unknown as RequestInit
    const statuses = [
      (await post('/request-size-limiting/', '12345')).status,
      (await post('/request-size-limiting/', '123456')).status,
      (await ask('/request-size-limiting/', chunked)).status,
    ]
    assert.deepEqual(statuses, [200, 413, 413])
  })

  await t.test('rate-limiting: not one too many at once', async () => {
    const answers = await Promise.all(Array.from({ length: 80 }, () => ask('/rate-limiting/')))
    const passed = answers.filter(({ status }) => status === 200)
    assert.equal(passed.length, 25)
    assert.equal(answers.filter(({ status }) => status === 429).length, 55)
    const left = passed.map(({ headers }) => Number(headers.get('x-ratelimit-remaining-year')))
    assert.deepEqual(
      left.sort((a, b) => a - b),
      Array.from({ length: 25 }, (_, at) => at),
    )
    const refused = answers.find(({ status }) => status === 429)
    assert.ok(Number(refused?.headers.get('retry-after')) > 0)
    const told = (await refused?.json()) as { message: string; request_id: string }
    assert.equal(told.message, 'API rate limit exceeded')
    assert.match(told.request_id, /./)
  })

  await t.test('rate-limit: not one too many at once', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask('/rate-limit/')))
    assert.equal(answers.filter(({ status }) => status === 200).length, 7)
    assert.equal(answers[0]?.headers.get('ratelimit-policy'), '"default";q=7;w=86400')
  })

  await t.test('response-ratelimiting: counts what the service says', async () => {
    const headers = { 'x-say': '{"x-kong-limit":"video=2"}' }
    const first = await ask('/response-ratelimiting/', { headers })
    assert.equal(first.status, 200)
    assert.equal(first.headers.get('x-kong-limit'), null)
    assert.equal(first.headers.get('x-ratelimit-remaining-video-year'), '0')
    const second = await ask('/response-ratelimiting/', { headers })
    assert.equal(second.status, 429)
    assert.equal(await second.text(), '')
    assert.equal((await ask('/response-ratelimiting/')).status, 200)
  })

  await t.test('request-transformer: the service gets what was made of it', async () => {
    const answer = await post('/request-transformer/?gone=1&who=ann', '{"gone":1,"b":2}', {
      'x-gone': '1',
    })
    const { method, url, headers, body } = (await answer.json()) as Echo
    assert.equal(`${method} ${url}`, 'PUT /changed?who=ann')
    assert.equal(headers['x-new'], 'ann')
    assert.equal('x-gone' in headers, false)
    assert.equal(body, '{"b":2,"new":"1"}')
    assert.equal(headers['content-length'], String(body.length))
  })

  await t.test('response-transformer: the client gets what was made of it', async () => {
    const answer = await ask('/response-transformer/a')
    const expected = { method: 'GET', url: '/a', body: '', n: 5 }
    assert.deepEqual(await answer.json(), expected)
    assert.equal(answer.headers.get('x-new'), '1')
  })

  await t.test(
    'redirect, request-termination, mock, fault-injection answer themselves',
    async () => {
      const moved = await ask('/redirect/a?b=1')
      assert.equal(moved.status, 301)
      assert.equal(moved.headers.get('location'), 'https://a.test/redirect/a?b=1')
      const ended = await ask('/request-termination/')
      assert.deepEqual([ended.status, await ended.text()], [404, '{"message":"Not found"}'])
      assert.deepEqual(await (await ask('/mock/')).json(), { mocked: true })
      assert.equal((await ask('/fault-injection/')).status, 200)
      const broken = await ask('/fault-injection/', { headers: { 'x-chaos': '1' } })
      assert.equal(broken.status, 500)
    },
  )

  await t.test('request-validation: a body that was read still arrives', async () => {
    const good = await post('/request-validation/', '{"a":1}')
    assert.equal(((await good.json()) as Echo).body, '{"a":1}')
    const bad = await post('/request-validation/', '{}')
    assert.equal(bad.status, 400)
    const { faults } = (await bad.json()) as { faults: unknown }
    assert.deepEqual(faults, [{ in: 'body', path: '/a', message: 'is missing' }])
  })

  await t.test('compression: fewer bytes, the same text', async () => {
    const plain = await ask('/compression/', { headers: { 'accept-encoding': 'identity' } })
    assert.equal(plain.headers.get('content-encoding'), null)
    const raw = await gateway.raw(
      'GET /compression/ HTTP/1.0\r\nHost: a.test\r\nAccept-Encoding: br\r\n\r\n',
    )
    const [head = '', body = ''] = raw.split('\r\n\r\n', 2)
    assert.match(head, /content-encoding: br/i)
    assert.match(brotliDecompressSync(Buffer.from(body, 'latin1')).toString(), /^\{"method":"GET"/)
  })
})
