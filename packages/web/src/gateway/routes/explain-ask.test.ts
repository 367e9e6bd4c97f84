import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askOf, byOutcome, type AskForm } from './explain-ask.ts'

const form: AskForm = { method: 'GET', url: '/', headers: [], consumer: '', clientIp: '' }

const urls: [string, string][] = [
  ['', '/'],
  ['/orders?page=2', '/orders?page=2'],
  [' https://shop.example/orders ', 'https://shop.example/orders'],
  ['wss://shop.example/live', 'wss://shop.example/live'],
  ['shop.example/orders', 'http://shop.example/orders'],
  ['localhost:8000/orders', 'http://localhost:8000/orders'],
]
for (const [written, asked] of urls) {
  test(`"${written}" asks about ${asked}`, () =>
    assert.equal(askOf({ ...form, url: written }).url, asked))
}

test('what was left empty is not asked about', () => {
  const headers = [
    { key: 1, name: ' x-tenant ', value: 'red' },
    { key: 2, name: '', value: 'forgotten' },
  ]
  assert.deepEqual(askOf({ ...form, headers, consumer: ' mobile ' }), {
    ...{ method: 'GET', url: '/', consumer: 'mobile' },
    headers: [{ name: 'x-tenant', value: 'red' }],
  })
})

test('routes are told by how they came out, in their order', () => {
  const manager = { kind: 'api', stack: null, text: 'API', file: null } as const
  const told = (id: string, outcome: 'wins' | 'does not match') => ({
    ...{ id, name: null, manager, outcome, reason: '' },
  })
  const found = byOutcome([
    told('a', 'does not match'),
    told('b', 'wins'),
    told('c', 'does not match'),
  ])
  assert.deepEqual(
    found.wins.map(({ id }) => id),
    ['b'],
  )
  assert.deepEqual(found['matches but loses'], [])
  assert.deepEqual(
    found['does not match'].map(({ id }) => id),
    ['a', 'c'],
  )
})
