import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Reading } from '@keelson/contract'
import { localActor } from '../../kernel/actor.ts'
import { systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { until } from '../../kernel/testing/index.ts'
import { createPlanBench, isHealthy, shop, withCode } from '../testing/plan-bench.ts'
import { serviceSpec } from '../testing/spec.ts'
import { reasonIn } from '../../kernel/own-command.ts'
import { readByCommand, type FilesRead } from './files-reader.ts'
import { createStackFiles } from './stack-files.ts'

/** Files are read by the command line's own program, as in a running platform. */

const fileOf = (level: string, more = ''): string => `name: shop
services:
  api:
    x-keelson: { runtime: process }
    command: [sleep, "1000"]
    environment:
      LEVEL: ${level}
      API_TOKEN: \${SHOP_TOKEN}
${more}`

const readingIn = (dir: string, more: Partial<Reading> = {}): Reading => ({
  ...{ cwd: dir, files: [], envFiles: [], profiles: [], named: [], demo: false },
  variables: { SHOP_TOKEN: 'tok-4711-0815' },
  ...more,
})

const applied = async () => {
  await using onFailure = new AsyncDisposableStack()
  const bench = onFailure.use(await createPlanBench())
  await bench.file('compose.yaml', fileOf('info'))
  const found = await readByCommand(readingIn(bench.dir))
  assert.ok(found.kind === 'read', JSON.stringify(found))
  await bench.house.apply(found.spec)
  await isHealthy(bench.house, 'shop-api-1')
  onFailure.move()
  return bench
}

test('the files as they are now are a plan with its cause, values and places, secrets hidden', async () => {
  await using bench = await applied()
  const { files } = bench.house.orchestrator
  const unchanged = await files.plan('shop')
  assert.deepEqual([unchanged.plan.actions, unchanged.changed], [[], []])

  const path = await bench.file('compose.yaml', fileOf('debug'))
  const { plan, changed } = await files.plan('shop')
  assert.deepEqual(changed, [path])
  const [action] = plan.actions
  assert.deepEqual(
    [plan.actions.length, action?.kind, action?.service],
    [1, 'replace_instance', 'api'],
  )
  const [change] = action?.changes ?? []
  assert.deepEqual(
    [change?.path, change?.before, change?.after],
    ['environment.LEVEL', 'info', 'debug'],
  )
  assert.deepEqual([change?.origin?.file, change?.origin?.line], [path, 7])
  assert.ok(!JSON.stringify(plan).includes('tok-4711'))
})

test('what is applied is what was shown, and with the variables of the first reading', async () => {
  await using bench = await applied()
  const { house } = bench
  const { files } = house.orchestrator
  await bench.file('compose.yaml', fileOf('debug'))
  const { plan } = await files.plan('shop')
  await bench.file('compose.yaml', fileOf('warn'))
  await assert.rejects(
    files.apply(localActor, 'shop', plan.digest),
    withCode('plan_outdated', /has changed since/),
  )
  assert.equal(house.orchestrator.getStack('shop').revision, 1)
  const again = await files.plan('shop')
  const done = await files.apply(localActor, 'shop', again.plan.digest)
  assert.equal(done.revision, 2)
  await until('it runs so', () => {
    const [service] = house.orchestrator.stackState('shop').services
    return service?.instances.every(({ outdated }) => !outdated) === true
  })
  const after = await files.plan('shop')
  assert.deepEqual(after.plan.actions, [], 'the token of the shell is the same')
})

test('faults of a file are told with their places, and nothing is touched', async () => {
  await using bench = await applied()
  const path = await bench.file('compose.yaml', fileOf('debug', '    comand: x\n'))
  await assert.rejects(bench.house.orchestrator.files.plan('shop'), (error: unknown) => {
    assert.ok(error instanceof AppError)
    assert.equal(error.code, 'stack_invalid')
    assert.deepEqual([error.errors[0]?.origin?.file, error.errors[0]?.origin?.line], [path, 9])
    return true
  })
})

test('files that are gone are told with the command to run instead', async () => {
  await using bench = await applied()
  await rm(join(bench.dir, 'compose.yaml'))
  await assert.rejects(bench.house.orchestrator.files.plan('shop'), (error: unknown) => {
    assert.ok(error instanceof AppError)
    assert.equal(error.code, 'stack_files_unreadable')
    assert.match(error.message, /compose\.yaml is not there any more/)
    assert.equal(error.hint, `Run: cd ${bench.dir} && keelson plan`)
    return true
  })
})

test('a stack that was not applied from files says so', async () => {
  await using bench = await createPlanBench()
  await bench.house.apply(shop(serviceSpec('a')))
  await assert.rejects(
    bench.house.orchestrator.files.plan('shop'),
    withCode('stack_files_unreadable', /How the files of shop are read is not known/),
  )
})

test('another name in the file is another stack, and is not planned as this one', async () => {
  await using bench = await applied()
  await bench.file('compose.yaml', fileOf('info').replace('name: shop', 'name: store'))
  await assert.rejects(
    bench.house.orchestrator.files.plan('shop'),
    withCode('stack_files_unreadable', /of a stack store now, not of shop/),
  )
})

const uncaught = `file:///app/read.ts:3
  throw new RangeError('too deep: 900')
  ^

RangeError: too deep: 900
    at read (file:///app/read.ts:3:9) {
  [cause]: Error: within
}

Node.js v24.1.0
`
const complaints: [said: string, reason: string | undefined][] = [
  [uncaught, 'RangeError: too deep: 900'],
  ['TypeError [ERR_X]: no\n    at y\n', 'TypeError [ERR_X]: no'],
  ['one\nthe last words\n\n', 'the last words'],
  ['\nNode.js v24.1.0\n', undefined],
  ['', undefined],
]
for (const [said, reason] of complaints) {
  test(`the reason in ${JSON.stringify(said.slice(0, 40))} is ${reason}`, () =>
    assert.equal(reasonIn(said), reason))
}

test('a reader that breaks off says why', async () => {
  await assert.rejects(readByCommand(null as unknown as Reading), /^Error: TypeError: .*null/)
})

test('files of a stack are read by one reader at a time, and never as they were before', async () => {
  await using bench = await applied()
  const { orchestrator } = bench.house
  const turns: PromiseWithResolvers<void>[] = []
  let atOnce = 0
  const read = async (reading: Reading): Promise<FilesRead> => {
    atOnce += 1
    assert.equal(atOnce, 1)
    const turn = Promise.withResolvers<void>()
    turns.push(turn)
    await turn.promise
    atOnce -= 1
    return { kind: 'read', spec: { ...spec, reading }, warnings: [] }
  }
  const { plan } = await orchestrator.files.plan('shop')
  const found = await readByCommand(readingIn(bench.dir))
  assert.ok(found.kind === 'read')
  const { spec } = found
  const files = createStackFiles({
    stacks: {
      get: () => ({ spec }),
      whenComplete: () => Promise.resolve(),
    },
    clock: systemClock,
    read,
    plan: () => Promise.resolve(plan),
    apply: () => Promise.resolve(plan),
  })
  const first = files.apply(localActor, 'shop', plan.digest)
  await until('the first is read', () => turns.length === 1)
  const others = [1, 2, 3].map(() => files.apply(localActor, 'shop', plan.digest))
  const shown = files.plan('shop')
  turns[0]?.resolve()
  await first
  await until('the others are read', () => turns.length === 2)
  turns[1]?.resolve()
  await Promise.all([...others, shown])
  assert.equal(turns.length, 2)
})
