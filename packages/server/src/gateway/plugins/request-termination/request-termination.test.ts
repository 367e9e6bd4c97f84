import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  configOf,
  faultsOf,
  instanceOf,
  testExchange,
  type AskedExchange,
  textOf,
} from '../testing/index.ts'
import { requestTermination } from './handler.ts'

const answerTo = async (config: object, asked: AskedExchange = {}) => {
  const exchange = testExchange(asked)
  await instanceOf(requestTermination, config).access?.(exchange)
  return exchange.answer
}

test('defaults are those of Kong', () => {
  assert.deepEqual(configOf(requestTermination), { status_code: 503, echo: false })
  assert.equal(requestTermination.priority, 2)
})

test('what is answered', async () => {
  const cases: [config: object, status: number, body: unknown][] = [
    [{}, 503, '{"message":"Service unavailable"}'],
    [{ status_code: 404 }, 404, '{"message":"Not found"}'],
    [{ status_code: 418 }, 418, null],
    [{ message: 'later' }, 503, '{"message":"later"}'],
    [{ body: '<p>', content_type: 'text/html' }, 503, '<p>'],
    [{ body: 'x' }, 503, 'x'],
  ]
  for (const [config, status, body] of cases) {
    const answer = await answerTo(config)
    assert.equal(answer?.status, status)
    assert.equal(answer.body, body, JSON.stringify(config))
  }
  const html = await answerTo({ body: '<p>', content_type: 'text/html' })
  assert.deepEqual(html?.headers, ['Content-Type', 'text/html'])
})

test('with a trigger only requests that have it, as a field or in the query', async () => {
  const cases: [asked: AskedExchange, answered: boolean][] = [
    [{}, false],
    [{ headers: ['x-stop', ''] }, true],
    [{ query: '?X-Stop=1' }, true],
    [{ query: '?X-Stop' }, true],
    [{ query: '?x-stop=1' }, false],
  ]
  for (const [asked, answered] of cases) {
    const answer = await answerTo({ trigger: 'X-Stop' }, asked)
    assert.equal(answer !== null, answered, JSON.stringify(asked))
  }
})

test('echo tells the request back', async () => {
  const answer = await answerTo(
    { echo: true, status_code: 200 },
    {
      method: 'POST',
      path: '/a',
      query: '?q=1&q=2',
      host: 'a.test:81',
      headers: ['X-A', '1'],
      body: '{"b":1}',
      captures: { id: '7' },
      route: { id: 'r', name: 'route' },
    },
  )
  const told = JSON.parse(textOf(answer)) as Record<string, unknown>
  assert.deepEqual(told['request'], {
    scheme: 'http',
    host: 'a.test',
    port: 81,
    headers: { 'x-a': '1' },
    query: { q: ['1', '2'] },
    body: { b: 1 },
    raw_body: '{"b":1}',
    method: 'POST',
    path: '/a',
    uri_captures: { id: '7' },
  })
  assert.deepEqual(told['matched_route'], { id: 'r', name: 'route' })
})

test('what Kong refuses together', () => {
  const cases: [config: object, message: string][] = [
    [{ message: 'a', body: 'b' }, 'message cannot be used with content_type or body'],
    [{ content_type: 'text/plain' }, 'content_type requires a body'],
    [{ echo: true, body: 'b' }, 'echo cannot be used with content_type and body'],
  ]
  for (const [config, message] of cases) {
    assert.equal(faultsOf(requestTermination, config)[0]?.message, message)
  }
})
