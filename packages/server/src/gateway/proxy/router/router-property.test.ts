import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { inSlices } from '../../slices.ts'
import { buildRouter, createRouter } from './index.ts'
import { findNaively } from './testing/naive-router.ts'
import { askOf, entryOf, placeOf, type AskFixture, type RouteFixture } from './testing/routes.ts'

// Small alphabets, so that routes and requests meet often.
const segment = fc.constantFrom('a', 'b', 'ab', 'a1', '')
const path = fc
  .array(segment, { maxLength: 3 })
  .map((parts) => `/${parts.join('/')}`.replaceAll('//', '/').replaceAll('//', '/'))
const regexPath = fc.constantFrom(
  '~/a',
  '~/a(b)?',
  '~/[ab]+/\\d+',
  '~/a/.*b',
  '~/ab|/b',
  '~/(?<x>a|ab)/b$',
)
const name = fc.constantFrom('x.test', 'y.test', 'a.x.test', 'b.a.x.test', 'x.example')
const pattern = fc.oneof(
  name,
  fc.constantFrom('*.test', '*.x.test', 'x.*', 'a.x.*', '*x.test', 'a.*'),
)
const withPort = (host: fc.Arbitrary<string>) =>
  fc.tuple(host, fc.constantFrom('', '', '', ':80', ':443', ':8080')).map((both) => both.join(''))
const method = fc.constantFrom('GET', 'PUT', 'X')
const headerName = fc.constantFrom('x-a', 'x-b')
const few = <T>(one: fc.Arbitrary<T>) => fc.uniqueArray(one, { maxLength: 2 })
const rarely = <T>(one: fc.Arbitrary<T[]>) =>
  fc.oneof({ arbitrary: fc.constant([]), weight: 2 }, one)

const route: fc.Arbitrary<RouteFixture> = fc.record({
  methods: rarely(few(method)),
  hosts: rarely(few(withPort(pattern))),
  paths: few(fc.oneof(path, path, regexPath)),
  headers: fc.dictionary(
    headerName,
    fc.uniqueArray(fc.constantFrom('1', 'Two', '3', '~*^t.o$'), { minLength: 1, maxLength: 2 }),
    { maxKeys: 2, noNullPrototype: true },
  ),
  snis: rarely(few(pattern)),
  regexPriority: fc.integer({ min: -1, max: 1 }),
  segments: fc.boolean(),
})

const ask: fc.Arbitrary<AskFixture> = fc.record({
  method,
  scheme: fc.constantFrom('http', 'https'),
  host: fc.oneof(withPort(name), fc.constant('')),
  path,
  headers: fc.array(fc.tuple(headerName, fc.constantFrom('1', 'two', '3', '4')), { maxLength: 3 }),
  sni: fc.oneof(name, fc.constant(null)),
})

test('the index finds what sorting and testing all routes finds, and explains it', () => {
  fc.assert(
    fc.property(
      fc.array(route, { maxLength: 40 }),
      fc.array(ask, { minLength: 5, maxLength: 20 }),
      (routes, asks) => {
        const entries = routes.map(entryOf)
        const router = createRouter(entries)
        for (const fixture of asks) {
          const expected = findNaively(entries, askOf(fixture))?.entry.value ?? null
          assert.equal(placeOf(router, fixture), expected)
          const told = router.explain(askOf(fixture))
          const winner = told[0]?.outcome === 'wins' ? told[0].id : null
          assert.equal(winner, expected === null ? null : `route-${expected}`)
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('routes told apart by a header or an SNI alone are found as well', () => {
  const value = fc.integer({ min: 0, max: 30 }).map((number) => `tenant-${number}`)
  const tenant = fc.record<RouteFixture>({
    paths: fc.constantFrom(['/'], ['/a']),
    headers: fc.oneof(
      fc.array(value, { minLength: 1, maxLength: 3 }).map((values) => ({ 'x-a': values })),
      fc.constantFrom({}, { 'x-a': ['~*7$'] }, { 'x-b': ['1'] }),
    ),
    snis: fc.oneof(fc.constant([]), fc.array(value, { maxLength: 2 }), fc.constant(['*-9'])),
  })
  fc.assert(
    fc.property(
      fc.array(tenant, { minLength: 60, maxLength: 120 }),
      fc.array(fc.tuple(value, value, value, fc.constantFrom('http', 'https')), { minLength: 20 }),
      (routes, asks) => {
        const entries = routes.map(entryOf)
        const router = createRouter(entries)
        for (const [first, second, sni, scheme] of asks) {
          const fixture: AskFixture = {
            path: '/a',
            scheme,
            sni,
            headers: [
              ['X-A', first],
              ['X-A', second],
            ],
          }
          const expected = findNaively(entries, askOf(fixture))?.entry.value ?? null
          assert.equal(placeOf(router, fixture), expected)
        }
      },
    ),
    { numRuns: 50 },
  )
})

test('a router that is built in slices is the same, and lets others run', async () => {
  const entries = Array.from({ length: 10_000 }, (_, place) =>
    entryOf(
      { paths: [`/api/v1/resource-${place}`], hosts: place % 2 === 0 ? [] : [`h${place}.test`] },
      place,
    ),
  )
  let others = 0
  const timer = setInterval(() => (others += 1), 0)
  const router = await inSlices(buildRouter(entries))
  clearInterval(timer)
  assert.ok(others > 0)
  for (const place of [0, 1, 4999, 9998]) {
    const fixture = { path: `/api/v1/resource-${place}`, host: `h${place}.test` }
    assert.equal(placeOf(router, fixture), findNaively(entries, askOf(fixture))?.entry.value)
  }
})
