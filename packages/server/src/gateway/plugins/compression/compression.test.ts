import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { configOf, instanceOf, testExchange, testResponse } from '../testing/index.ts'
import { compression } from './handler.ts'
import { encodings, negotiate, type Encoding } from './negotiate.ts'

const text = 'all work and no play '.repeat(200)
const all = 'gzip, br, zstd'

const answerOf = async (
  given: {
    headers?: string[]
    accept?: string
    status?: number
    method?: string
    config?: object
  } = {},
) => {
  const { headers = [], accept = all, status = 200, method = 'GET', config = {} } = given
  const exchange = testExchange({ method, headers: ['Accept-Encoding', accept] })
  const type = headers.includes('Content-Type') ? [] : ['Content-Type', 'text/plain']
  const response = testResponse({ status, headers: [...headers, ...type], body: text })
  await instanceOf(compression, config).response?.(exchange, response)
  return response
}

test('defaults', () => {
  const { types, ...rest } = configOf(compression)
  assert.ok(types.includes('application/json'))
  assert.deepEqual(rest, {
    encodings: ['zstd', 'br', 'gzip'],
    min_size: 1024,
    gzip_level: 5,
    br_quality: 4,
    zstd_level: 3,
  })
})

test('Accept-Encoding with its weights', () => {
  const cases: [accepted: string | undefined, encoding: Encoding | null][] = [
    [undefined, null],
    ['', null],
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['GZIP;Q=0.9, br;q=0.8', 'gzip'],
    ['*', 'zstd'],
    ['zstd;q=0, *', 'br'],
    ['*;q=0', null],
    ['gzip;q=0', null],
    ['gzip;q=0.3, identity;q=0.5', null],
    ['gzip;q=0.5, identity;q=0.5', 'gzip'],
    ['gzip;q=2, br;q=x', null],
    ['deflate', null],
    [`${'x,'.repeat(100)}gzip`, null],
  ]
  for (const [accepted, encoding] of cases) {
    assert.equal(negotiate(accepted, encodings), encoding, accepted)
  }
})

test('each encoding gives the same text back', async () => {
  const decoders = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync }
  for (const encoding of encodings) {
    for (const length of [[], ['Content-Length', String(text.length)]]) {
      const response = await answerOf({ accept: encoding, headers: length })
      assert.equal(response.headers.get('content-encoding'), encoding)
      assert.equal(response.headers.has('content-length'), false)
      const body = await response.body()
      assert.ok(body.length < text.length / 5)
      assert.equal(decoders[encoding](body).toString(), text)
    }
  }
})

test('what is compressed', async () => {
  const cases: [
    headers: string[],
    encoded: boolean,
    more?: { status?: number; method?: string },
  ][] = [
    [['Content-Type', 'application/json; charset=utf-8'], true],
    [['Content-Type', 'application/problem+json'], true],
    [['Content-Type', 'image/png'], false],
    [['Content-Type', 'text/event-stream'], false],
    [['Content-Length', '1023'], false],
    [['Content-Length', '1024'], true],
    [['Content-Encoding', 'gzip'], false],
    [['Content-Encoding', 'identity'], true],
    [['Cache-Control', 'public, no-transform'], false],
    [['Content-Range', 'bytes 0-1/2'], false],
    [[], false, { status: 206 }],
    [[], false, { status: 204 }],
    [[], false, { status: 304 }],
    [[], true, { status: 404 }],
    [[], false, { method: 'HEAD' }],
  ]
  for (const [headers, encoded, more] of cases) {
    const response = await answerOf({ headers, ...more })
    const got = response.headers.get('content-encoding')
    assert.equal(got === 'zstd', encoded, `${headers.join()} ${JSON.stringify(more)}`)
  }
})

test('caches are told, also by answers that stay plain', async () => {
  const cases: [headers: string[], accept: string, vary: string | undefined][] = [
    [[], all, 'Accept-Encoding'],
    [[], '', 'Accept-Encoding'],
    [['Vary', 'Origin'], all, 'Origin, Accept-Encoding'],
    [['Vary', 'accept-encoding'], all, 'accept-encoding'],
    [['Vary', '*'], all, '*'],
    [['Content-Type', 'image/png'], all, undefined],
  ]
  for (const [headers, accept, vary] of cases) {
    assert.equal((await answerOf({ headers, accept })).headers.get('vary'), vary)
  }
})

test('a strong validator becomes a weak one, ranges and digests go', async () => {
  const headers = ['ETag', '"a"', 'Accept-Ranges', 'bytes', 'Content-MD5', 'x']
  const { raw } = (await answerOf({ headers })).headers
  assert.equal(raw[raw.indexOf('ETag') + 1], 'W/"a"')
  assert.equal(raw.includes('Accept-Ranges') || raw.includes('Content-MD5'), false)
  assert.equal((await answerOf({ headers: ['ETag', 'W/"a"'] })).headers.get('etag'), 'W/"a"')
  assert.equal(
    (await answerOf({ headers: ['ETag', '"a"'], accept: '' })).headers.get('etag'),
    '"a"',
  )
})
