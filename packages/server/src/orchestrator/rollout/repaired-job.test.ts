import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../kernel/errors.ts'
import { until } from '../../kernel/testing/index.ts'
import { createFakeBench, type FakeBench } from '../testing/bench.ts'
import { serviceSpec, stackSpec } from '../testing/spec.ts'

const at = (version: string, monitorMs = 50) =>
  stackSpec('shop', [
    serviceSpec('seed', {
      restart: { policy: 'no' },
      environment: { VERSION: version },
      update: {
        ...{ strategy: 'rolling', parallelism: 1, delayMs: 0, failureAction: 'pause' },
        ...{ monitorMs, maxFailureRatio: 0 },
      },
    }),
  ])
const phaseIs = ({ house }: FakeBench, phase: string) =>
  until(`it is ${phase}`, () => house.registry.findInstance('shop-seed-1')?.phase === phase)
const rolloutIs = ({ house }: FakeBench, phase: string) =>
  until(`its rollout is ${phase}`, () => house.orchestrator.rollouts('shop')[0]?.phase === phase)

test('a job that failed and was corrected: only the new one runs, and the rollout completes', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await until('the gateway runs', () => processes.starts('keelson-gateway-1') === 1)
  processes.exitAtOnce(3)
  await house.apply(at('1'))
  await phaseIs(bench, 'failed')
  processes.exitAtOnce(0)
  await house.apply(at('2'))
  await rolloutIs(bench, 'completed')
  await phaseIs(bench, 'completed')
  assert.deepEqual([...bench.versions.values()].slice(-2), ['1', '2'])
})

test('a job that could not even be started is started once it is corrected', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await until('the gateway runs', () => processes.starts('keelson-gateway-1') === 1)
  processes.failNext('start', new AppError('command_not_found', { message: 'no such program' }))
  await house.apply(at('1'))
  await phaseIs(bench, 'failed')
  processes.exitAtOnce(0)
  await house.apply(at('2'))
  await rolloutIs(bench, 'completed')
})

test('a job that fails while its correction is applied does not fail the correction', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await until('the gateway runs', () => processes.starts('keelson-gateway-1') === 1)
  const answer = processes.hang('start')
  processes.breaks = ({ environment }) => environment['VERSION'] === '1'
  await house.apply(at('1'))
  await phaseIs(bench, 'starting')
  await house.apply(at('2'))
  answer()
  await rolloutIs(bench, 'completed')
})

test('a corrected job that fails again pauses its rollout', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  processes.exitAtOnce(3)
  await house.apply(at('1'))
  await phaseIs(bench, 'failed')
  await house.apply(at('2'))
  await rolloutIs(bench, 'paused')
})

test('a corrected job that is through is done: nobody watches it, or waits for its route', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  house.orchestrator.useDrain({
    drained: () => Promise.resolve({ drained: true, inFlight: 0 }),
    routedTo: ([name]) => Promise.reject(new Error(`${name} is asked for`)),
  })
  processes.exitAtOnce(3)
  await house.apply(at('1'))
  await phaseIs(bench, 'failed')
  processes.exitAtOnce(0)
  // Whoever watched it for an hour would not be through in the time of a test.
  await house.apply(at('2', 3_600_000))
  await rolloutIs(bench, 'completed')
  const [rollout] = house.orchestrator.rollouts('shop')
  assert.deepEqual([rollout?.done, rollout?.total], [1, 1])
})
