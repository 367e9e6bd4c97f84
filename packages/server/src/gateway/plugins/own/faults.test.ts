import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../testing/gateway.ts'
import { openWith, refused } from './testing/faulty-gateway.ts'

/** What a hook does on a request, and what is logged of it. */
const failing: { title: string; access: string; says: RegExp }[] = [
  { title: 'throws', access: `() => { throw new Error('boom') }`, says: /boom/ },
  { title: 'rejects', access: `() => Promise.reject('boom')`, says: /boom/ },
  {
    title: 'makes two fields of one',
    access: `({ request }) => request.headers.set('a', 'b\\r\\nc: d')`,
    says: /requestHeaders\.0\.value/,
  },
  {
    title: 'changes the length of a message',
    access: `({ request }) => request.headers.set('Content-Length', '7')`,
    says: /Content-Length is not a plugin's to change/,
  },
  {
    title: 'answers with a status that is none',
    access: `(exchange) => exchange.respond({ status: 99 })`,
    says: /answer\.status/,
  },
  {
    title: 'answers with too much',
    access: `(exchange) => exchange.respond({ status: 200, body: 'x'.repeat(2e6) })`,
    says: /an answer of 2000000 bytes/,
  },
  {
    title: 'keeps too much',
    access: `(exchange) => { exchange.notes = 'x'.repeat(20_000) }`,
    says: /notes of \d+ bytes/,
  },
  {
    title: 'names a consumer that does not exist',
    access: `(exchange) => exchange.authenticate({ consumer: 'nobody' })`,
    says: /there is no consumer nobody/,
  },
]

/** By the query of a request. */
const hooks = `{
  access: (exchange: OwnExchange) => {
    const faults: Record<string, (exchange: OwnExchange) => unknown> = {
      ${failing.map(({ access }, at) => `'?${at}': ${access},`).join('\n      ')}
      '?late': () => new Promise(() => console.log('late')),
    }
    return faults[exchange.request.query]?.(exchange)
  },
  response: ({ request }) => { if (request.query === '?response') throw new Error('boom') },
}`

test('a hook that fails refuses the request, or lets it go on: one that', async (t) => {
  await using opened = await openWith(hooks)
  const { gateway, clock } = opened
  for (const [at, { title, says }] of failing.entries()) {
    await t.test(title, async () => {
      clock.advance(1000) // of one plugin a failure is logged once a second
      const before = gateway.logged.length
      assert.match(await opened.ask(`/bad?${at}`), refused)
      assert.equal(await opened.ask(`/lenient?${at}`), '200 from the service')
      await opened.othersAreServed()
      const [strict, lenient] = gateway.logged.slice(before)
      assert.equal(strict?.message, 'plugin failed')
      assert.match((strict.facts as { err: Error }).err.message, says)
      assert.equal(lenient?.message, 'plugin failed; the request goes on')
      assert.match((lenient.facts as { reason: string }).reason, says)
    })
  }
  await t.test('fails at the answer', async () => {
    assert.match(await opened.ask('/bad?response'), refused)
    assert.equal(await opened.ask('/lenient?response'), '200 from the service')
    await opened.othersAreServed()
  })
  await t.test('is late: the request does not wait, and the plugin lives', async () => {
    clock.advance(1000)
    const before = gateway.logged.length
    const late = Promise.all([opened.ask('/bad?late'), opened.ask('/lenient?late')])
    await until(() => opened.told('plugin says').length === 2, 'the hooks')
    await opened.othersAreServed()
    assert.equal(await opened.ask('/bad'), '200 from the service')
    clock.advance(200)
    const [strict, lenient] = await late
    assert.match(strict, refused)
    assert.equal(lenient, '200 from the service')
    const said = gateway.logged.slice(before).map(({ facts }) => JSON.stringify(facts, reasons))
    assert.equal(said.length, 2)
    for (const line of said) assert.match(line, /no answer within 200 ms/)
    assert.equal(opened.problem(), null)
  })
})

test('one that does not take its configuration fails every request', async () => {
  await using opened = await openWith(`(() => { throw new Error('no such tenant') })()`)
  assert.match(await opened.ask('/bad'), refused)
  assert.equal(await opened.ask('/lenient'), '200 from the service')
  await opened.othersAreServed()
  await until(() => opened.problem() !== null, 'the reason')
  assert.match(opened.problem() ?? '', /does not take its configuration: no such tenant/)
})

const reasons = (_key: string, value: unknown): unknown =>
  value instanceof Error ? value.message : value
