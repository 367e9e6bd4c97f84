import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../kernel/testing/index.ts'
import { createPlanBench, shop, withCode } from '../testing/plan-bench.ts'
import { serviceSpec } from '../testing/spec.ts'

test('the last 20 revisions are kept, and each can be applied again', async () => {
  await using bench = await createPlanBench()
  const { house } = bench
  const stack = (value: number) => shop(serviceSpec('a', { environment: { N: String(value) } }))
  await house.apply(stack(1))
  await assert.rejects(
    house.rollBack('shop'),
    withCode('nothing_to_roll_back', /shop is at revision 1, and no earlier one is kept/),
  )
  for (let value = 2; value <= 22; value += 1) await house.apply(stack(value))
  const kept = await house.orchestrator.revisions('shop')
  assert.deepEqual(
    [kept.length, kept[0]?.revision, kept.at(-1)?.revision, kept[0]?.current, kept[0]?.text],
    [20, 22, 3, true, 'a: environment.N changed'],
  )
  await assert.rejects(house.rollBack('shop', 2), withCode('revision_not_found', /no revision 2/))
  const plan = await house.rollBack('shop')
  assert.deepEqual([plan.revision, plan.actions[0]?.changes[0]?.after], [23, '21'])
  const [newest] = await house.orchestrator.revisions('shop')
  assert.equal(newest?.text, 'Back to revision 21: a: environment.N changed')
  await until(
    'it runs with it',
    () => house.registry.findService('shop/a')?.spec.environment['N'] === '21',
  )
})
