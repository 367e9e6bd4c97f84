import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide, mayStandIn, type Failure } from './decide.ts'
import { readRequestDirectives } from './directives.ts'
import { aRequest, aStored, nowMs } from './testing/stored.ts'

type Case = [
  about: string,
  answer: string,
  ageSeconds: number,
  request: string,
  expected: 'serve' | 'serve and refresh' | 'validate' | 'fetch' | 'unavailable',
]

/** Answers have a validator where they say `etag`. */
const cases: readonly Case[] = [
  ['fresh', 'max-age=60', 59, '', 'serve'],
  ['stale', 'max-age=60', 60, '', 'fetch'],
  ['stale, can be validated', 'max-age=60, etag', 60, '', 'validate'],
  ['fresh, but always to be validated', 'max-age=60, no-cache, etag', 0, '', 'validate'],
  ['while it is refreshed', 'max-age=60, stale-while-revalidate=30', 89, '', 'serve and refresh'],
  ['no longer', 'max-age=60, stale-while-revalidate=30', 90, '', 'fetch'],
  [
    'never, if forbidden',
    'max-age=60, stale-while-revalidate=30, must-revalidate',
    61,
    '',
    'fetch',
  ],
  ['the client wants a new one', 'max-age=60', 0, 'no-cache', 'fetch'],
  ['the client wants a younger one', 'max-age=60', 10, 'max-age=5', 'fetch'],
  ['young enough', 'max-age=60', 5, 'max-age=5', 'serve'],
  ['the client wants it to last', 'max-age=60', 31, 'min-fresh=30', 'fetch'],
  ['it will last', 'max-age=60', 30, 'min-fresh=30', 'serve'],
  ['the client takes it stale', 'max-age=60', 70, 'max-stale=10', 'serve'],
  ['but not that stale', 'max-age=60', 71, 'max-stale=10', 'fetch'],
  ['however stale', 'max-age=60', 3000, 'max-stale', 'serve'],
  ['unless the service forbids', 'max-age=60, proxy-revalidate', 70, 'max-stale', 'fetch'],
  ['only from the store', 'max-age=60', 59, 'only-if-cached', 'serve'],
  ['which has none', 'max-age=60, etag', 60, 'only-if-cached', 'unavailable'],
]

void test('what is done with a request for which there is an answer', () => {
  for (const [about, answer, ageSeconds, asked, expected] of cases) {
    const etag = answer.includes('etag') ? ['ETag', '"a"'] : []
    const stored = aStored({ fields: ['Cache-Control', answer, ...etag] })
    const request = aRequest(asked === '' ? [] : ['Cache-Control', asked])
    const directives = readRequestDirectives(request.headers)
    const decision = decide(request, directives, stored, nowMs + ageSeconds * 1000)
    const refresh = decision.kind === 'serve' && decision.refresh
    assert.equal(refresh ? 'serve and refresh' : decision.kind, expected, about)
  }
})

void test('a part serves only what lies in it', () => {
  const fields = ['Cache-Control', 'max-age=60', 'Content-Range', 'bytes 10-19/40', 'ETag', '"a"']
  const stored = aStored({ status: 206, fields })
  const ranges: readonly [fields: string[], kind: string][] = [
    [['Range', 'bytes=10-19'], 'serve'],
    [['Range', 'bytes=12-13'], 'serve'],
    [['Range', 'bytes=5-12'], 'fetch'],
    [['Range', 'bytes=12-'], 'fetch'],
    [['Range', 'bytes=-5'], 'fetch'],
    [['Range', 'bytes=10-19', 'If-Range', '"a"'], 'serve'],
    [['Range', 'bytes=10-19', 'If-Range', '"b"'], 'fetch'],
    [[], 'fetch'],
  ]
  for (const [fields, kind] of ranges) {
    const request = aRequest(fields)
    const decision = decide(request, readRequestDirectives(request.headers), stored, nowMs)
    assert.equal(decision.kind, kind, fields.join(': '))
  }
})

const failures: readonly [answer: string, failure: Failure, staleSeconds: number, may: boolean][] =
  [
    ['max-age=60', 'unreachable', 3599, true],
    ['max-age=60', 'unreachable', 3600, false],
    ['max-age=60', 'server-error', 0, false],
    ['max-age=60, stale-if-error=30', 'server-error', 29, true],
    ['max-age=60, stale-if-error=30', 'server-error', 30, false],
    ['max-age=60, stale-if-error=30, must-revalidate', 'unreachable', 0, false],
    ['max-age=60, must-revalidate', 'unreachable', 0, false],
    ['max-age=60, proxy-revalidate', 'unreachable', 0, false],
    ['s-maxage=60', 'unreachable', 0, false],
    ['s-maxage=60, stale-if-error=30', 'unreachable', 29, true],
  ]

void test('what may stand in for a failure', () => {
  for (const [answer, failure, staleSeconds, may] of failures) {
    const stored = aStored({ fields: ['Cache-Control', answer] })
    const { headers } = aRequest()
    const found = mayStandIn(
      stored,
      readRequestDirectives(headers),
      failure,
      nowMs + (60 + staleSeconds) * 1000,
    )
    assert.equal(found, may, `${answer}, ${failure}, ${staleSeconds} s stale`)
  }
})
