import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startOrder, startTarget, type Module, type ModuleTable } from './lifecycle.ts'
import { createMemoryLog, quietLog } from './testing/index.ts'

type Fake = { base: string; middle: string; top: string; aside: string }
type Name = keyof Fake

/** base ← middle ← top, and aside ← base; written so that the order has to be found. */
const createTable = (
  overrides: { [K in Name]?: Partial<Module<Fake, K, Name>> } = {},
): { table: ModuleTable<Fake>; seen: string[] } => {
  const seen: string[] = []
  const entry = <K extends Name>(name: K, needs: readonly Name[]): Module<Fake, K, Name> => ({
    room: name,
    floor: 0,
    targets: ['control'],
    needs,
    create: () => {
      seen.push(`create ${name}`)
      return `made ${name}`
    },
    start: () => void seen.push(`start ${name}`),
    stop: (made) => void seen.push(`stop ${made}`),
    ...overrides[name],
  })
  const table = {
    top: entry('top', ['middle', 'base']),
    aside: entry('aside', ['base']),
    middle: entry('middle', ['base']),
    base: entry('base', []),
  }
  return { table, seen }
}

test('everything is made, then started, after what it needs, and stopped in reverse', async () => {
  const { table, seen } = createTable()
  const running = await startTarget(table, 'control', quietLog)
  await running.stop()
  const order = ['base', 'middle', 'top', 'aside']
  assert.deepEqual(seen, [
    ...order.map((name) => `create ${name}`),
    ...order.map((name) => `start ${name}`),
    ...order.toReversed().map((name) => `stop made ${name}`),
  ])
})

test('a module is given what it needs', async () => {
  const { table } = createTable({ top: { create: (needs) => `${needs.middle}, ${needs.base}` } })
  const { modules } = await startTarget(table, 'control', quietLog)
  assert.equal(modules.top, 'made middle, made base')
})

const failures: [string, Parameters<typeof createTable>[0], string[]][] = [
  ['making', { middle: { create: () => Promise.reject(new Error('no')) } }, ['stop made base']],
  [
    'starting',
    { middle: { start: () => Promise.reject(new Error('no')) } },
    ['aside', 'top', 'middle', 'base'].map((name) => `stop made ${name}`),
  ],
]
for (const [phase, overrides, stopped] of failures) {
  test(`a failure of ${phase} one stops what was made before it, and is thrown`, async () => {
    const { table, seen } = createTable(overrides)
    await assert.rejects(startTarget(table, 'control', quietLog), /^Error: no$/)
    assert.deepEqual(
      seen.filter((line) => line.startsWith('stop')),
      stopped,
    )
  })
}

test('one that does not stop keeps no other from stopping, and is in the log', async () => {
  const { table, seen } = createTable({
    middle: { stop: () => Promise.reject(new Error('stuck')) },
  })
  const log = createMemoryLog()
  const running = await startTarget(table, 'control', log)
  await running.stop()
  assert.ok(seen.includes('stop made base'))
  assert.deepEqual(
    log.lines.map(({ fields }) => (fields as { module?: string }).module),
    ['middle'],
  )
})

test('stopping twice stops each once', async () => {
  const { table, seen } = createTable()
  const running = await startTarget(table, 'control', quietLog)
  await Promise.all([running.stop(), running.stop()])
  await running.stop()
  assert.equal(seen.filter((line) => line === 'stop made base').length, 1)
})

test('a module is ready from its start to its stop', async () => {
  const { table } = createTable()
  const running = await startTarget(table, 'control', quietLog)
  assert.deepEqual([...running.readiness().values()], [true, true, true, true])
  await running.stop()
  assert.deepEqual([...running.readiness().values()], [false, false, false, false])
})

test('a module of another target is not started', async () => {
  const { table, seen } = createTable({ aside: { targets: ['gateway'] } })
  await startTarget(table, 'control', quietLog)
  assert.ok(!seen.includes('create aside'))
})

test('a need that is not part of the target is a mistake', () => {
  const { table } = createTable({ base: { targets: ['gateway'] } })
  assert.throws(() => startOrder(table, 'control'), /base is needed but not part of control/)
})

test('a circle of needs is a mistake', () => {
  const { table } = createTable({ base: { needs: ['top'] } })
  assert.throws(() => startOrder(table, 'control'), /needs itself/)
})
