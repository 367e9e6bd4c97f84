import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  configOf,
  faultsOf,
  instanceOf,
  testExchange,
  type AskedExchange,
} from '../testing/index.ts'
import { redirect } from './handler.ts'

const answerTo = (config: object, asked: AskedExchange = {}) => {
  const exchange = testExchange(asked)
  void instanceOf(redirect, config).access?.(exchange)
  return exchange.answer
}

test('defaults are those of Kong', () => {
  assert.deepEqual(configOf(redirect, { location: 'https://a.test' }), {
    status_code: 301,
    location: 'https://a.test',
    keep_incoming_path: false,
  })
  assert.equal(redirect.priority, 779)
  assert.throws(() => configOf(redirect, {}))
})

test('where to', () => {
  const location = 'https://a.test:8443/new?x=1'
  const asked = { path: '/old/a b', query: '?q=1' }
  const cases: [config: object, status: number, location: string][] = [
    [{ location }, 301, location],
    [{ location, status_code: 308 }, 308, location],
    [{ location, keep_incoming_path: true }, 301, 'https://a.test:8443/old/a%20b?q=1'],
  ]
  for (const [config, status, to] of cases) {
    const answer = answerTo(config, asked)
    assert.equal(answer?.status, status)
    assert.equal(answer.headers?.[1], to)
    assert.equal(answer.body, 'redirecting')
  }
})

test('no path leads to another host', () => {
  for (const path of ['//evil.test/', '/\\evil.test', '/@evil.test', '/..//evil.test']) {
    const to = answerTo({ location: 'https://a.test', keep_incoming_path: true }, { path })?.headers
    assert.equal(new URL(to?.[1] ?? '').host, 'a.test', path)
  }
})

test('a location without a host is refused', () => {
  for (const location of ['/path', 'a.test', 'https://', 'mailto:a@b']) {
    assert.equal(faultsOf(redirect, { location }).length, 1, location)
  }
})
