import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HeaderList } from '../proxy/header-list.ts'
import { answerFrom } from './answer.ts'
import { formatHttpDate } from './http-date.ts'
import { requestedSpan } from './range.ts'
import { aRequest, aStored, nowMs } from './testing/stored.ts'

const modified = formatHttpDate(nowMs - 3_000_000)
const stored = aStored({
  fields: [
    ...['Cache-Control', 'max-age=3600', 'ETag', '"abc"', 'Last-Modified', modified],
    ...['Content-Type', 'text/plain'],
  ],
})

const ask = (fields: readonly string[], method = 'GET', from = stored) => {
  const answer = answerFrom(aRequest(fields, { method }), from, nowMs + 5000)
  const headers = new HeaderList([...(answer.headers ?? [])])
  const body = Buffer.isBuffer(answer.body) ? answer.body.toString() : null
  return { status: answer.status, headers, body }
}

const cases: readonly [about: string, fields: string[], status: number, body: string | null][] = [
  ['plainly', [], 200, '0123456789'],
  ['the client has it', ['If-None-Match', '"abc"'], 304, null],
  ['in a list', ['If-None-Match', '"x", W/"abc"'], 304, null],
  ['anything', ['If-None-Match', '*'], 304, null],
  ['the client has another one', ['If-None-Match', '"x"'], 200, '0123456789'],
  ['a tag without quotes', ['If-None-Match', 'abc'], 304, null],
  ['not modified since', ['If-Modified-Since', modified], 304, null],
  ['modified since', ['If-Modified-Since', formatHttpDate(nowMs - 4e6)], 200, '0123456789'],
  [
    'the tag goes first',
    ['If-None-Match', '"x"', 'If-Modified-Since', modified],
    200,
    '0123456789',
  ],
  ['a range', ['Range', 'bytes=2-4'], 206, '234'],
  ['a range without an end', ['Range', 'bytes=7-'], 206, '789'],
  ['the last bytes', ['Range', 'bytes=-2'], 206, '89'],
  ['more than there is', ['Range', 'bytes=8-99'], 206, '89'],
  ['beyond it', ['Range', 'bytes=10-'], 416, null],
  ['no bytes', ['Range', 'bytes=-0'], 416, null],
  ['several ranges', ['Range', 'bytes=0-1,4-5'], 200, '0123456789'],
  ['other units', ['Range', 'lines=0-1'], 200, '0123456789'],
  ['backwards', ['Range', 'bytes=4-2'], 200, '0123456789'],
  ['a range of this one', ['Range', 'bytes=0-1', 'If-Range', '"abc"'], 206, '01'],
  ['of this one, by date', ['Range', 'bytes=0-1', 'If-Range', modified], 206, '01'],
  ['of another one', ['Range', 'bytes=0-1', 'If-Range', '"x"'], 200, '0123456789'],
  ['of a weak one', ['Range', 'bytes=0-1', 'If-Range', 'W/"abc"'], 200, '0123456789'],
]

void test('answers from the store', () => {
  for (const [about, fields, status, body] of cases) {
    const answer = ask(fields)
    assert.equal(answer.status, status, about)
    assert.equal(answer.body, body, about)
    assert.equal(answer.headers.get('age'), '5', about)
  }
})

void test('HEAD has the fields of GET and its length, and no body', () => {
  const { status, headers, body } = ask([], 'HEAD')
  assert.deepEqual([status, headers.get('content-length'), body], [200, '10', null])
})

void test('a 304 tells the tag, and nothing of a body', () => {
  const { headers } = ask(['If-None-Match', '"abc"'])
  assert.equal(headers.get('etag'), '"abc"')
  assert.equal(headers.has('content-type'), false)
})

void test('a part says which one it is, of the whole', () => {
  assert.equal(ask(['Range', 'bytes=2-4']).headers.get('content-range'), 'bytes 2-4/10')
  const part = aStored({
    status: 206,
    fields: ['Cache-Control', 'max-age=60', 'Content-Range', 'bytes 20-29/100'],
  })
  const { headers, body } = ask(['Range', 'bytes=22-24'], 'GET', part)
  assert.deepEqual([headers.all('content-range'), body], [['bytes 22-24/100'], '234'])
})

void test('a range never leaves the body', () => {
  const anyRange = fc.oneof(fc.string(), fc.stringMatching(/^bytes=\d{0,4}-\d{0,4}$/))
  fc.assert(
    fc.property(anyRange, fc.nat(300), (text, length) => {
      const span = requestedSpan(text, length)
      if (typeof span === 'string') return
      assert.ok(span.first >= 0 && span.first <= span.last && span.last < length)
    }),
  )
})
