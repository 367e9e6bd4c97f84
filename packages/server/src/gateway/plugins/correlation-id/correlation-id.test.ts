import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../../../kernel/testing/index.ts'
import { configOf, instanceOf, testExchange, testHost, testResponse } from '../testing/index.ts'
import { correlationId } from './handler.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const idsOf = (config: object, times = 2, headers: string[] = []): string[] => {
  const plugin = instanceOf(correlationId, config, testHost({ clock: createManualClock() }))
  return Array.from({ length: times }, () => {
    const exchange = testExchange({ headers })
    void plugin.access?.(exchange)
    return exchange.request.headers.get('kong-request-id') ?? ''
  })
}

test('defaults are those of Kong', () => {
  assert.deepEqual(configOf(correlationId), {
    header_name: 'Kong-Request-ID',
    generator: 'uuid#counter',
    echo_downstream: false,
  })
  assert.equal(correlationId.priority, 100_001)
})

test('generators', () => {
  const [one = '', two = ''] = idsOf({ generator: 'uuid' })
  assert.match(one, uuid)
  assert.notEqual(one, two)

  const [first = '', second = ''] = idsOf({}).map((id) => id.split('#'))
  assert.match(first[0] ?? '', uuid)
  assert.equal(second[0], first[0], 'one UUID of the process')
  assert.equal(Number(second[1]), Number(first[1]) + 1)

  const tracker = /^192\.0\.2\.9-8000-\d+-50000-\d+-1767225600\.000$/
  assert.match(idsOf({ generator: 'tracker' })[0] ?? '', tracker)
})

test('an id that came is kept, an empty one is not', () => {
  assert.deepEqual(idsOf({}, 1, ['kong-request-id', 'mine']), ['mine'])
  assert.match(idsOf({ generator: 'uuid' }, 1, ['kong-request-id', ''])[0] ?? '', uuid)
})

test('the client gets the same id when asked for', async () => {
  for (const echo_downstream of [true, false]) {
    const plugin = instanceOf(correlationId, { header_name: 'X-Id', echo_downstream })
    const exchange = testExchange()
    const response = testResponse()
    await plugin.access?.(exchange)
    await plugin.response?.(exchange, response)
    const sent = echo_downstream ? exchange.request.headers.get('x-id') : undefined
    assert.equal(response.headers.get('x-id'), sent)
  }
})
