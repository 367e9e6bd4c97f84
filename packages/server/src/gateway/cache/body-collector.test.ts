import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BodyCollector, CollectBudget } from './body-collector.ts'

type Collected = { told: string[]; collector: BodyCollector }

const collect = (budget: CollectBudget, maxBytes: number, length: number | null): Collected => {
  const told: string[] = []
  const collector = new BodyCollector({
    budget,
    maxBytes,
    length,
    onWhole: (body) => told.push(body.toString()),
    onNothing: () => told.push('nothing'),
  })
  return { told, collector }
}

const cases: readonly [about: string, length: number | null, chunks: string[], told: string][] = [
  ['of unknown length', null, ['ab', 'cd'], 'abcd'],
  ['as long as told', 4, ['ab', 'cd'], 'abcd'],
  ['empty', null, [], ''],
  ['shorter than told', 5, ['ab', 'cd'], 'nothing'],
  ['longer than told', 3, ['ab', 'cd'], 'nothing'],
  ['above the bound', null, ['abcdef', 'ghijk'], 'nothing'],
  ['told to be above the bound', 11, [], 'nothing'],
]

void test('a body is kept as a whole or not at all', () => {
  for (const [about, length, chunks, expected] of cases) {
    const { told, collector } = collect(new CollectBudget(100), 10, length)
    for (const chunk of chunks) collector.onBytes(Buffer.from(chunk))
    collector.onEnd()
    collector.onAbort()
    assert.deepEqual(told, [expected], about)
  }
})

void test('all bodies together stay within the budget, and give it back', () => {
  const step = fc.tuple(fc.nat(4), fc.constantFrom('bytes', 'end', 'abort'), fc.nat(40))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const budget = new CollectBudget(100)
      const bodies = Array.from({ length: 5 }, () => collect(budget, 80, null))
      for (const [at, what, count] of steps) {
        const collector = bodies[at]?.collector
        if (what === 'bytes') collector?.onBytes(Buffer.alloc(count))
        else if (what === 'end') collector?.onEnd()
        else collector?.onAbort()
        assert.ok(budget.used <= 100)
      }
      for (const { collector } of bodies) collector.onAbort()
      assert.equal(budget.used, 0)
      for (const { told } of bodies) assert.equal(told.length, 1)
    }),
  )
})
