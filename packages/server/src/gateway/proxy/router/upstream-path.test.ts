import assert from 'node:assert/strict'
import { test } from 'node:test'

import { missingConformance, readCases } from '../../../../../compose/src/conformance.ts'
import { createRouter } from './index.ts'
import { normalizePath } from './normalize.ts'
import { askOf, entryOf } from './testing/routes.ts'

/** A row of Kong's table, which stands for every pair of a strip_path and a path_handling. */
type Row = {
  row: number
  service_path: string | null
  route_path: string | null
  strip_path: boolean[]
  path_handling: ('v0' | 'v1')[]
  request_path: string
  expected_path: string
}

const sentPath = (row: Row, paths: string[], strip: boolean, handling: 'v0' | 'v1') => {
  const host = `row-${row.row}.test`
  const entry = entryOf(
    {
      hosts: [host],
      paths,
      stripPath: strip,
      pathHandling: handling,
      servicePath: row.service_path,
    },
    0,
  )
  const ask = askOf({ host, path: normalizePath(row.request_path) })
  return createRouter([entry]).find(ask)?.upstreamPath
}

const casesOf = (rows: readonly Row[]) =>
  rows.flatMap((row) =>
    row.strip_path.flatMap((strip) =>
      row.path_handling.map((handling) => ({ row, strip, handling })),
    ),
  )

const table = 'kong/path-table.json'

test('Kong: path of route and service', { skip: missingConformance(table) }, () => {
  const cases = casesOf(readCases<Row>(table))
  assert.equal(cases.length, 212)
  for (const { row, strip, handling } of cases) {
    const paths = row.route_path === null ? [] : [row.route_path]
    const told = `row ${row.row}, strip_path ${String(strip)}, ${handling}`
    assert.equal(sentPath(row, paths, strip, handling), row.expected_path, told)
  }
})

test('Kong: the same with regex paths', { skip: missingConformance(table) }, () => {
  const cases = casesOf(readCases<Row>(table)).filter(({ row }) => row.route_path !== null)
  let runs = 0
  for (const { row, strip, handling } of cases) {
    const paths = [`~/[0]?${row.route_path?.slice(1) ?? ''}`]
    const told = `row ${row.row}, strip_path ${String(strip)}, ${handling}`
    assert.equal(sentPath(row, paths, strip, handling), row.expected_path, told)
    runs += 1
  }
  assert.equal(runs, 176)
})

const own: [
  service: string | null,
  route: string | null,
  strip: boolean,
  handling: 'v0' | 'v1',
  request: string,
  sent: string,
][] = [
  [null, '/shop', true, 'v0', '/shop', '/'],
  [null, '/shop', true, 'v0', '/shop/', '/'],
  [null, '/shop', true, 'v0', '/shop/cart', '/cart'],
  [null, '/shop', true, 'v0', '/shopping', '/ping'],
  [null, '/shop', false, 'v0', '/shop/cart', '/shop/cart'],
  ['/base', '/shop', true, 'v0', '/shop', '/base'],
  ['/base', '/shop', true, 'v0', '/shop/', '/base/'],
  ['/base', '/shop', true, 'v0', '/shopping', '/base/ping'],
  ['/base/', '/shop', true, 'v0', '/shop', '/base'],
  ['/base/', '/shop', true, 'v0', '/shop/cart', '/base/cart'],
  ['/base/', '/shop', false, 'v0', '/shop/cart', '/base/shop/cart'],
  ['/base', null, true, 'v0', '/cart', '/base/cart'],
  ['/base', '/shop', true, 'v1', '/shopping', '/baseping'],
  ['/base', '/shop', false, 'v1', '/shop/cart', '/baseshop/cart'],
  ['/base', '/shop', true, 'v0', '/shop%2e%2e/secret', '/base/secret'],
]

for (const [service, route, strip, handling, request, sent] of own) {
  test(`${request} on ${route ?? 'any path'} goes to ${sent} (${handling}, strip: ${String(strip)})`, () => {
    const row: Row = {
      row: 0,
      service_path: service,
      route_path: route,
      strip_path: [strip],
      path_handling: [handling],
      request_path: request,
      expected_path: sent,
    }
    assert.equal(sentPath(row, route === null ? [] : [route], strip, handling), sent)
  })
}
