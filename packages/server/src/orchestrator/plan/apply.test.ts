import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StackSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { until } from '../../kernel/testing/index.ts'
import {
  createPlanBench,
  isHealthy,
  shop,
  starts,
  sha256,
  configAt,
  crash,
  eventsOf,
} from '../testing/plan-bench.ts'
import { needs, serviceSpec } from '../testing/spec.ts'

test('a comment, a moved line and another spelling are no action, no event and no revision', async () => {
  await using bench = await createPlanBench()
  const { house } = bench
  const file = await bench.file('compose.yaml', 'services: {}')
  const at = (line: number) => ({ environment: [{ file, line, column: 1 }] })
  const spec = (line: number, text: string): StackSpec => ({
    ...shop(serviceSpec('a', { environment: { A: '1', B: '2' }, origins: at(line) })),
    sources: [{ path: file, sha256: sha256(text) }],
  })
  await house.apply(spec(3, 'services: {}'))
  await isHealthy(house, 'shop-a-1')
  const applied = () => eventsOf(house, 'stack.applied')
  await until('it is told', async () => (await applied()).length === 1)
  const other = spec(9, '# a comment\nservices: {}')
  const [service] = other.services
  assert.ok(service !== undefined)
  const plan = await house.apply({
    ...other,
    services: [{ ...service, environment: { B: '2', A: '1' }, expose: [] }],
  })
  assert.deepEqual([plan.actions, plan.revision], [[], 1])
  assert.equal((await house.orchestrator.revisions('shop')).length, 1)
  const rows = await bench.db.many<{ spec: StackSpec }>('select spec from orchestrator.stack')
  assert.equal(rows[0]?.spec.services[0]?.origins['environment']?.[0]?.line, 9)
  const next = await house.apply(shop(serviceSpec('a', { environment: { A: '2' } })))
  assert.equal(next.revision, 2)
  await until('the next is told', async () => (await applied()).length >= 2)
  assert.equal((await applied()).length, 2)
})

test('what only says how it is kept is taken on without a restart', async () => {
  await using bench = await createPlanBench()
  const { house, processes } = bench
  await house.apply(shop(serviceSpec('a')))
  await isHealthy(house, 'shop-a-1')
  const plan = await house.apply(shop(serviceSpec('a', { stopGraceMs: 99, description: 'an a' })))
  assert.deepEqual(
    plan.actions.map(({ kind }) => kind),
    ['update_instance'],
  )
  assert.equal(plan.revision, 2)
  assert.equal(starts(processes, 'shop-a'), 1)
  assert.equal(house.registry.findService('shop/a')?.spec.description, 'an a')
})

test('exactly the plan that was looked at is applied, or what changed since is told', async () => {
  await using bench = await createPlanBench()
  const { house } = bench
  const path = await bench.file('app.conf', 'old')
  const stack = (value: string): StackSpec =>
    shop(
      serviceSpec('a', { files: configAt(path), environment: { MODE: value } }),
      serviceSpec('b'),
    )
  await house.apply(stack('slow'))
  await isHealthy(house, 'shop-a-1', 'shop-b-1')
  const looked = await house.orchestrator.plan(stack('fast'))
  await bench.file('app.conf', 'new content')
  await assert.rejects(house.apply(stack('fast'), { planDigest: looked.digest }), (error) => {
    assert.ok(error instanceof AppError && error.code === 'plan_outdated')
    assert.match(
      error.errors[0]?.message ?? '',
      /another cause: replace instance shop-a-1 .*app\.conf/,
    )
    return true
  })
  const again = await house.orchestrator.plan(stack('fast'))
  const applied = await house.apply(stack('fast'), { planDigest: again.digest })
  assert.deepEqual(applied.actions, again.actions)
})

test('no answer, event or revision shows a secret', async () => {
  await using bench = await createPlanBench()
  const { house } = bench
  const secret = 'm4rker-s3cret'
  const spec = (suffix: string): StackSpec =>
    shop(
      serviceSpec('a', {
        command: ['sleep', '--auth', `${secret}${suffix}`, '--mode', 'fast'],
        environment: {
          API_TOKEN: `${secret}${suffix}`,
          URL: `postgres://me:${secret}${suffix}@db/x`,
          MODE: suffix,
        },
        files: [
          { kind: 'secret', source: 's', target: 's', content: `${secret}${suffix}` },
          { kind: 'config', source: 'c', target: 'c', content: `key=${secret}${suffix}` },
        ],
        hooks: {
          ...{ postStart: [], preStop: [] },
          preStart: [
            {
              command: ['x', `${secret}${suffix}`],
              privileged: false,
              environment: { PASSWORD: `${secret}${suffix}` },
            },
          ],
        },
        labels: { note: `with ${secret}${suffix}` },
      }),
    )
  const seen: unknown[] = [await house.orchestrator.plan(spec('1')), await house.apply(spec('1'))]
  await isHealthy(house, 'shop-a-1')
  const change = await house.orchestrator.plan(spec('2'))
  const changed = change.actions[0]?.changes.map(({ path }) => path)
  assert.deepEqual(changed, [
    ...['command', 'configs.c', 'environment.API_TOKEN', 'environment.MODE', 'environment.URL'],
    ...['labels.note', 'pre_start', 'secrets.s'],
  ])
  seen.push(change, await house.apply(spec('2')), house.orchestrator.stackState('shop'))
  const outdated = await house
    .apply(spec('3'), { planDigest: change.digest })
    .catch((e: unknown) => e)
  assert.ok(outdated instanceof AppError)
  // What they were made of decides who may read them, and is told to nobody.
  const revisions = await house.orchestrator.revisions('shop')
  seen.push(
    outdated.message,
    outdated.errors,
    ...revisions.map(({ services: _specs, ...told }) => told),
  )
  await until('applied twice', async () => (await eventsOf(house, 'stack.applied')).length === 2)
  seen.push(await house.events.list({ limit: 1000 }))
  assert.ok(!JSON.stringify(seen).includes(secret))
  const mode = house.orchestrator
    .stackState('shop')
    .services[0]?.facts.find(({ path }) => path === 'environment.MODE')
  assert.deepEqual([mode?.declared, mode?.secret], ['2', false])
})

test('stops go backwards through the dependencies of what was applied', async () => {
  await using bench = await createPlanBench()
  const { house, processes } = bench
  const app = serviceSpec('app', { dependsOn: [needs('db')] })
  await house.apply(shop(app, serviceSpec('db'), serviceSpec('stays')))
  await isHealthy(house, 'shop-app-1', 'shop-db-1', 'shop-stays-1')
  const plan = await house.apply(shop(serviceSpec('stays')))
  assert.deepEqual(
    plan.actions.map(({ id, after }) => [id, after]),
    [
      ['stop_instance:shop-app-1', []],
      ['stop_instance:shop-db-1', ['stop_instance:shop-app-1']],
    ],
  )
  await until('both are gone', () => house.registry.findInstance('shop-db-1') === undefined)
  assert.deepEqual(
    processes.calls.filter((call) => call.startsWith('stop shop')),
    ['stop shop-app-1', 'stop shop-db-1'],
  )
})

test('after kill -9 between what is durable and what is told, the new stack runs', async () => {
  await using bench = await createPlanBench()
  const { house, processes } = bench
  const stack = (V: string) => shop(serviceSpec('a', { environment: { V } }), serviceSpec('b'))
  await house.apply(shop(...stack('1').services.slice(0, 1)))
  await isHealthy(house, 'shop-a-1')
  await house.recorder.flush(5000)
  // What comes after the commit of the apply fails, and then nothing more happens.
  await bench.db.execute('alter table orchestrator.place rename to place_away')
  await assert.rejects(house.apply(stack('2')))
  await crash(house)
  await bench.db.execute('alter table orchestrator.place_away rename to place')
  const next = await bench.again()
  await isHealthy(next, 'shop-b-1')
  await until('with the new definition', () => starts(processes, 'shop-a') === 2)
  assert.equal(next.orchestrator.getStack('shop').revision, 2)
  await until('only the new one is left', () => {
    const [service] = next.orchestrator.stackState('shop').services
    return service?.instances.length === 1 && service.instances[0]?.revision === 2
  })
  assert.deepEqual((await next.apply(stack('2'))).actions, [])
})
