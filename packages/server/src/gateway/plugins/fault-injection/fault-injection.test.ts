import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../../../kernel/testing/index.ts'
import { configOf, faultsOf, testExchange, testHost } from '../testing/index.ts'
import { createFaultInjection, faultInjection } from './handler.ts'

const injectorOf = (given: object, random = 0) => {
  const clock = createManualClock()
  const config = configOf(faultInjection, given)
  return { clock, injector: createFaultInjection(config, testHost({ clock }), () => random) }
}

test('defaults', () => {
  assert.deepEqual(configOf(faultInjection, { abort: {}, delay: { ms: 5 } }), {
    abort: { percent: 100, status: 503, message: 'Injected fault' },
    delay: { percent: 100, ms: 5 },
    max_delayed: 1000,
  })
  assert.equal(faultsOf(faultInjection, {}).length, 1)
})

test('a share of requests is answered with a fault', async () => {
  const cases: [config: object, random: number, headers: string[], status: number | undefined][] = [
    [{ abort: {} }, 0.999, [], 503],
    [{ abort: { percent: 30, status: 500 } }, 0.299, [], 500],
    [{ abort: { percent: 30 } }, 0.3, [], undefined],
    [{ abort: { percent: 0 } }, 0, [], undefined],
    [{ abort: {}, only_with_header: 'X-Chaos' }, 0, [], undefined],
    [{ abort: {}, only_with_header: 'X-Chaos' }, 0, ['x-chaos', '1'], 503],
  ]
  for (const [config, random, headers, status] of cases) {
    const exchange = testExchange({ headers })
    await injectorOf(config, random).injector.access?.(exchange)
    assert.equal(exchange.answer?.status, status, JSON.stringify(config))
  }
})

test('a delay holds a request up, and closing lets all of them go', async () => {
  const { clock, injector } = injectorOf({ delay: { ms: 1000 }, abort: {} })
  const exchange = testExchange()
  const done = injector.access?.(exchange)
  clock.advance(999)
  assert.equal(exchange.answered, false)
  clock.advance(1)
  await done
  assert.equal(exchange.answered, true)

  const waiting = injector.access?.(testExchange())
  await injector.close?.()
  await waiting
})

test('no more requests wait than may', () => {
  const { injector } = injectorOf({ delay: { ms: 1000 }, max_delayed: 2 })
  const results = Array.from({ length: 3 }, () => injector.access?.(testExchange()))
  assert.deepEqual(
    results.map((result) => result instanceof Promise),
    [true, true, false],
  )
  void injector.close?.()
})
