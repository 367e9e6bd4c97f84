import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { until } from '../../testing/gateway.ts'
import { openWith, refused } from './testing/faulty-gateway.ts'

const failing: { title: string; hooks: string; says: RegExp }[] = [
  { title: 'throws', hooks: `{ access: () => { throw new Error('boom') } }`, says: /boom/ },
  { title: 'rejects', hooks: `{ access: () => Promise.reject('boom') }`, says: /boom/ },
  {
    title: 'makes two fields of one',
    hooks: `{ access: ({ request }) => request.headers.set('a', 'b\\r\\nc: d') }`,
    says: /requestHeaders\.0\.value/,
  },
  {
    title: 'changes the length of a message',
    hooks: `{ access: ({ request }) => request.headers.set('Content-Length', '7') }`,
    says: /Content-Length is not a plugin's to change/,
  },
  {
    title: 'answers with a status that is none',
    hooks: `{ access: (exchange) => exchange.respond({ status: 99 }) }`,
    says: /answer\.status/,
  },
  {
    title: 'answers with too much',
    hooks: `{ access: (exchange) => exchange.respond({ status: 200, body: 'x'.repeat(2e6) }) }`,
    says: /an answer of 2000000 bytes/,
  },
  {
    title: 'keeps too much',
    hooks: `{ access: (exchange) => { exchange.notes = 'x'.repeat(20_000) } }`,
    says: /notes of \d+ bytes/,
  },
  {
    title: 'names a consumer that does not exist',
    hooks: `{ access: (exchange) => exchange.authenticate({ consumer: 'nobody' }) }`,
    says: /there is no consumer nobody/,
  },
  {
    title: 'does not take its configuration',
    hooks: `(() => { throw new Error('no such tenant') })()`,
    says: /does not take its configuration: no such tenant|no answer/,
  },
]

describe('a hook that fails refuses the request, or lets it go on:', () => {
  for (const { title, hooks, says } of failing) {
    test(title, async () => {
      await using opened = await openWith(hooks)
      assert.match(await opened.ask('/bad'), refused)
      assert.equal(await opened.ask('/lenient'), '200 from the service')
      await opened.othersAreServed()
      const [strict, lenient] = opened.gateway.logged
      assert.equal(strict?.message, 'plugin failed')
      assert.match((strict.facts as { err: Error }).err.message, says)
      assert.equal(lenient?.message, 'plugin failed; the request goes on')
      assert.match((lenient.facts as { reason: string }).reason, says)
    })
  }
})

test('a response hook that fails refuses too, or lets the answer go', async () => {
  await using opened = await openWith(`{ response: () => { throw new Error('boom') } }`)
  assert.match(await opened.ask('/bad'), refused)
  assert.equal(await opened.ask('/lenient'), '200 from the service')
  await opened.othersAreServed()
})

test('one that answers too late: the request does not wait, and the plugin lives', async () => {
  await using opened = await openWith(`{
    access: (exchange) => {
      if (exchange.request.query === '?late') return new Promise(() => console.log('late'))
    },
  }`)
  const late = Promise.all([opened.ask('/bad?late'), opened.ask('/lenient?late')])
  await until(() => opened.told('plugin says').length === 2, 'the hooks')
  await opened.othersAreServed()
  assert.equal(await opened.ask('/bad'), '200 from the service')
  opened.clock.advance(200)
  const [strict, lenient] = await late
  assert.match(strict, refused)
  assert.equal(lenient, '200 from the service')
  const said = opened.gateway.logged.map(({ facts }) => JSON.stringify(facts, reasons))
  assert.equal(said.length, 2)
  for (const line of said) assert.match(line, /no answer within 200 ms/)
  assert.equal(opened.problem(), null)
})

const reasons = (_key: string, value: unknown): unknown =>
  value instanceof Error ? value.message : value
