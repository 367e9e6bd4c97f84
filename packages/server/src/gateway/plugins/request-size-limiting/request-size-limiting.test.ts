import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configOf, instanceOf, testExchange, type AskedExchange } from '../testing/index.ts'
import { requestSizeLimiting } from './handler.ts'

const ask = (config: object, asked: AskedExchange) => {
  const exchange = testExchange({ method: 'POST', ...asked })
  void instanceOf(requestSizeLimiting, config).access?.(exchange)
  return exchange
}

test('defaults are those of Kong', () => {
  assert.deepEqual(configOf(requestSizeLimiting), {
    allowed_payload_size: 128,
    size_unit: 'megabytes',
    require_content_length: false,
  })
  assert.equal(requestSizeLimiting.priority, 951)
  assert.equal(ask({}, { chunked: true }).bodyLimit?.bytes, 128 * 1_048_576)
})

test('a larger body is refused by its declared length', () => {
  const bytes = { allowed_payload_size: 4, size_unit: 'bytes' }
  const cases: [config: object, asked: AskedExchange, status: number | undefined][] = [
    [bytes, { body: '1234' }, undefined],
    [bytes, { body: '12345' }, 413],
    [bytes, { body: '12345', headers: ['Expect', '100-continue'] }, 417],
    [bytes, { body: '' }, undefined],
    [{ allowed_payload_size: 1, size_unit: 'kilobytes' }, { body: 'x'.repeat(1024) }, undefined],
    [{ allowed_payload_size: 1, size_unit: 'kilobytes' }, { body: 'x'.repeat(1025) }, 413],
    [{ require_content_length: true }, { body: '1' }, undefined],
    [{ require_content_length: true }, { body: '' }, undefined],
    [{ require_content_length: true }, { body: '', framing: 'nothing' }, 411],
    [{ require_content_length: true }, { method: 'GET', framing: 'nothing' }, 411],
    [{ require_content_length: true }, { body: '1', chunked: true }, undefined],
    [{ require_content_length: true }, { body: '1', chunked: true, framing: 'nothing' }, 411],
  ]
  for (const [config, asked, status] of cases) {
    assert.equal(ask(config, asked).answer?.status, status, JSON.stringify([config, asked]))
  }
})

test('a body of unknown length is counted as it flows, and cut off with the same answer', () => {
  const { bodyLimit } = ask(
    { allowed_payload_size: 4, size_unit: 'bytes' },
    { body: '12345', chunked: true, requestId: 'r1' },
  )
  assert.equal(bodyLimit?.bytes, 4)
  assert.equal(bodyLimit.answer.status, 413)
  assert.equal(bodyLimit.answer.body, '{"message":"Request size limit exceeded","request_id":"r1"}')
  const asking = ask({}, { chunked: true, headers: ['Expect', '100-continue'] })
  assert.equal(asking.bodyLimit?.answer.status, 417)
})
