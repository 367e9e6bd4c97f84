import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import { newId } from '../../kernel/ids.ts'
import { createTestDb, quietLog } from '../../kernel/testing/index.ts'
import { createAnswering, createQuestions } from './questions.ts'
import { saveNode } from '../store.ts'

const migrations = [{ domain: 'gateway', dir: join(import.meta.dirname, '../migrations') }]

const open = async () => {
  const test = await createTestDb({ migrations })
  const { db } = test
  const questions = createQuestions({ db, newId, clock: systemClock, log: quietLog })
  await questions.start()
  const nodes: { stop(): Promise<void> }[] = []
  return {
    db,
    questions,
    /** A gateway that lives, and answers if there is something to answer with. */
    node: async (id: string, answer?: (body: unknown) => unknown): Promise<void> => {
      await saveNode(db, {
        ...{ id, updatedAt: systemClock.now(), revision: 1, inFlight: {} },
        ...{ counters: [], problems: [] },
      })
      if (answer === undefined) return
      const answering = createAnswering({ db, log: quietLog, node: id, answer })
      await answering.start()
      nodes.push(answering)
    },
    [Symbol.asyncDispose]: async () => {
      for (const node of nodes) await node.stop()
      await questions.stop()
      await test[Symbol.asyncDispose]()
    },
  }
}

const states = { kind: 'states' } as const
const warming = (path: string) => ({ kind: 'warm' as const, host: 'a.test', paths: [path] })

const left = async (db: Db): Promise<number> =>
  (await db.many('select 1 from gateway.question')).length

test('every gateway is asked, and the questions are gone afterwards', async () => {
  await using world = await open()
  await world.node('a', (body) => ({ from: 'a', body }))
  await world.node('b', async (body) => ({ from: 'b', body }))
  const answers = await world.questions.ask<object>(states)
  assert.deepEqual(
    answers.toSorted((x, y) => x.node.localeCompare(y.node)),
    [
      { node: 'a', value: { from: 'a', body: { kind: 'states' } } },
      { node: 'b', value: { from: 'b', body: { kind: 'states' } } },
    ],
  )
  assert.equal(await left(world.db), 0)
})

test('many may ask at once, and each gets its own answer', async () => {
  await using world = await open()
  await world.node('a', (body) => body)
  const asked = Array.from({ length: 20 }, (_, at) => warming(`/${at}`))
  const answers = await Promise.all(asked.map((body) => world.questions.ask(body)))
  assert.deepEqual(
    answers.map(([one]) => one?.value),
    asked,
  )
})

test('a silent gateway is left out once the time is up', async () => {
  await using world = await open()
  await world.node('a', () => 'here')
  await world.node('b')
  assert.deepEqual(await world.questions.ask(states, 100), [{ node: 'a', value: 'here' }])
  assert.equal(await left(world.db), 0)
})

const refused: [name: string, answer: (() => unknown) | undefined, message: RegExp][] = [
  ['no gateway answers in time', undefined, /No gateway answered in time/],
  [
    'the only gateway fails',
    () => {
      throw new Error('no cache of this name')
    },
    /no cache of this name/,
  ],
]
for (const [name, answer, message] of refused) {
  test(`${name}: it is refused with the reason`, async () => {
    await using world = await open()
    await world.node('a', answer)
    await assert.rejects(world.questions.ask(states, 100), { code: 'gateway_unavailable', message })
  })
}

test('without any gateway it is refused at once', async () => {
  await using world = await open()
  await assert.rejects(world.questions.ask(states, 60_000), {
    code: 'gateway_unavailable',
    message: 'No gateway is running',
  })
})

test('what was asked by a control process that died is removed by the next one', async () => {
  await using world = await open()
  await world.node('a')
  await world.db.execute(
    `insert into gateway.question (id, node, asked_at, body) values ($1, 'a', now(), '{}')`,
    [newId()],
  )
  const next = createQuestions({ db: world.db, newId, clock: systemClock, log: quietLog })
  await next.start()
  assert.equal(await left(world.db), 0)
  await next.stop()
})
