import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeaderList } from '../proxy/header-list.ts'
import { freshened, headMatches } from './freshen.ts'
import { defaultPolicy } from './policy.ts'
import { aRequest, aStored, nowMs } from './testing/stored.ts'

const stored = aStored({
  fields: [
    ...['Cache-Control', 'max-age=2', 'ETag', '"a"', 'Last-Modified', 'x', 'A', '1', 'A', '2'],
    ...['Content-Encoding', 'gzip', 'B', '1', 'Age', '1000'],
  ],
})

const freshen = (fields: readonly string[]) => {
  const laterMs = nowMs + 60_000
  const exchanged = { requestedMs: laterMs, receivedMs: laterMs }
  return freshened(aRequest(), stored, new HeaderList([...fields]), exchanged, defaultPolicy)
}

void test('a 304 replaces fields by name, and makes the answer young again', () => {
  const { response, keep } = freshen(['Cache-Control', 'max-age=100', 'a', '3', 'C', '1'])
  const headers = new HeaderList([...response.headers])
  assert.equal(keep, true)
  assert.deepEqual([headers.all('a'), headers.get('b'), headers.get('c')], [['3'], '1', '1'])
  assert.deepEqual([response.lifetime, response.initialAge, response.body], [100, 0, stored.body])
})

void test('what the stored body depends on stays', () => {
  const { response } = freshen(['ETag', '"b"', 'Content-Encoding', 'br', 'Content-Length', '1'])
  const headers = new HeaderList([...response.headers])
  assert.deepEqual([headers.get('etag'), headers.get('content-encoding')], ['"a"', 'gzip'])
  assert.equal(headers.has('content-length'), false)
})

void test('a 304 that forbids keeping it ends it', () => {
  const { response, keep } = freshen(['Cache-Control', 'no-store'])
  assert.deepEqual([keep, response.body], [false, stored.body])
})

void test('an answer to HEAD is about what is stored only if it describes it', () => {
  const heads: readonly [status: number, fields: string[], matches: boolean][] = [
    [200, [], true],
    [200, ['ETag', '"a"', 'Content-Length', '10'], true],
    [200, ['ETag', '"b"'], false],
    [200, ['Content-Length', '11'], false],
    [410, ['ETag', '"a"'], false],
  ]
  for (const [status, fields, matches] of heads) {
    assert.equal(headMatches(stored, status, new HeaderList(fields)), matches, fields.join(': '))
  }
})
