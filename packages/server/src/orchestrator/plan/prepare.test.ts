import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ActionProgress } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { until } from '../../kernel/testing/index.ts'
import type { MissingResource } from '../runtime.ts'
import {
  createPlanBench,
  isHealthy,
  shop,
  withCode,
  starts,
  eventsOf,
  crash,
  type PlanBench,
} from '../testing/plan-bench.ts'
import { containerSpec, serviceSpec, stackSpec } from '../testing/spec.ts'

/** Images that are not there, and whose pull waits until it is let go. */
const slowPulls = (bench: PlanBench, images: readonly string[]) => {
  const present = new Set<string>()
  const pulling = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>()
  let most = 0
  bench.resources.missing = (stack) =>
    Promise.resolve(
      images
        .filter((image) => !present.has(image))
        .map((subject): MissingResource => ({
          kind: 'pull_image',
          subject,
          service: stack.services[0]?.name ?? '',
        })),
    )
  bench.resources.create = (_stack, { subject }, report) => {
    report({ text: 'pulling 1 of 2 layers', share: 0.5 })
    const done = Promise.withResolvers<void>()
    pulling.set(subject, { resolve: () => done.resolve(), reject: done.reject })
    most = Math.max(most, pulling.size)
    return done.promise
      .then(() => void present.add(subject))
      .finally(() => void pulling.delete(subject))
  }
  return { pulling, most: () => most, letAllGo: () => pulling.forEach(({ resolve }) => resolve()) }
}

test('pulls run three at a time, and say how they get on', async () => {
  await using bench = await createPlanBench()
  const { house } = bench
  const told: ActionProgress[] = []
  house.orchestrator.followActions((progress) => told.push(progress))
  const images = ['a:1', 'b:1', 'c:1', 'd:1', 'e:1']
  const pulls = slowPulls(bench, images)
  const applied = house.apply(shop(containerSpec('a')))
  await until('three are pulled', () => pulls.pulling.size === 3)
  await until('all are there', () => {
    pulls.letAllGo()
    return told.filter(({ kind, state }) => kind === 'pull_image' && state === 'done').length === 5
  })
  await applied
  assert.equal(pulls.most(), 3)
  await until('the instance is done', () =>
    told.some(({ id, state }) => id === 'start_instance:shop-a-1' && state === 'done'),
  )
  const mine = told
    .filter(({ id }) => id === 'pull_image:a:1')
    .map(({ state, text, share }) => [state, text, share])
  assert.deepEqual(mine, [
    ['waiting', '', null],
    ['running', '', null],
    ['running', 'pulling 1 of 2 layers', 0.5],
    ['done', '', 1],
  ])
})

test('a pull that hangs holds up nothing but its own apply, and a removal calls it off', async () => {
  await using bench = await createPlanBench()
  const { house, containers } = bench
  await house.apply(stackSpec('blog', [serviceSpec('page')]))
  await house.apply(shop(containerSpec('a')))
  await isHealthy(house, 'shop-a-1', 'blog-page-1')
  const pulls = slowPulls(bench, ['b:1'])
  const hanging = house.apply(shop(containerSpec('a'), containerSpec('b')))
  hanging.catch(() => undefined)
  await until('it is pulled', () => pulls.pulling.size === 1)
  await house.apply(stackSpec('blog', [serviceSpec('page', { workingDir: '/tmp' })]))
  containers.end('shop-a-1', { code: 1 })
  await until('it is kept up meanwhile', () => starts(containers, 'shop-a') === 2)
  await house.remove('shop')
  assert.equal(house.orchestrator.hasStack('shop'), false)
  pulls.letAllGo()
  await assert.rejects(hanging, withCode('plan_outdated', /removed while it was being applied/))
  assert.equal(house.orchestrator.hasStack('shop'), false)
})

test('an image that cannot be had is told with its place, and changes nothing', async () => {
  await using bench = await createPlanBench()
  const { house } = bench
  const place = { file: '/compose.yaml', line: 4, column: 5 }
  bench.resources.missing = () =>
    Promise.resolve([{ kind: 'pull_image', subject: 'b:1', service: 'b' }])
  bench.resources.create = () =>
    Promise.reject(new AppError('image_unavailable', { message: 'no b:1 anywhere' }))
  const stack = shop(containerSpec('b', { origins: { image: [place] } }))
  await assert.rejects(house.apply(stack), (error) => {
    assert.ok(error instanceof AppError && error.code === 'image_unavailable')
    assert.deepEqual(error.errors[0]?.origin, place)
    return true
  })
  assert.equal(house.orchestrator.hasStack('shop'), false)
  await until('it is told', async () => (await eventsOf(house, 'action.failed')).length === 1)
})

test('after kill -9 in the middle of an apply the old stack runs, or the new one', async () => {
  await using bench = await createPlanBench()
  const { house, processes, containers } = bench
  await house.apply(shop(serviceSpec('a', { environment: { V: '1' } })))
  await isHealthy(house, 'shop-a-1')
  // While an image is pulled: the old one.
  const pulls = slowPulls(bench, ['b:1'])
  const newer = shop(serviceSpec('a', { environment: { V: '2' } }), containerSpec('b'))
  house.apply(newer).catch(() => undefined)
  await until('it is pulled', () => pulls.pulling.size === 1)
  await crash(house)
  const second = await bench.again()
  await isHealthy(second, 'shop-a-1')
  assert.equal(second.orchestrator.getStack('shop').revision, 1)
  assert.equal(starts(processes, 'shop-a'), 1)
  // Once it is durable: the new one, though nothing of it had begun.
  bench.resources.missing = () => Promise.resolve([])
  const letGo = processes.hang('stop')
  await second.apply(newer)
  const crashed = crash(second)
  letGo()
  await crashed
  const third = await bench.again()
  await isHealthy(third, 'shop-b-1')
  assert.equal(third.orchestrator.getStack('shop').revision, 2)
  await until('with the new definition', () => starts(processes, 'shop-a') === 2)
  assert.equal(starts(containers, 'shop-b'), 1)
  assert.deepEqual((await third.apply(newer)).actions, [])
})

test('what is pulled or built for a stack that is removed meanwhile is given up', async () => {
  await using bench = await createPlanBench()
  const { house } = bench
  slowPulls(bench, ['a:1'])
  const asked = Promise.withResolvers<AbortSignal | undefined>()
  bench.resources.create = (_stack, _resource, _report, signal) => {
    asked.resolve(signal)
    return new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('given up')), { once: true })
    })
  }
  const applied = assert.rejects(
    house.apply(shop(containerSpec('a'))),
    withCode('plan_outdated', /shop was removed while it was being applied/),
  )
  assert.equal((await asked.promise)?.aborted, false)
  await house.remove('shop')
  await applied
})
