import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isErrorCode, type AuditFilter } from '@keelson/contract'
import { localActor, systemActor, type Actor } from '../actor.ts'
import { AppError } from '../errors.ts'
import { createTestAudit, createTestDb } from '../testing/index.ts'
import { exportAudit } from './export.ts'
import { listAudit } from './list.ts'

const ana: Actor = {
  ...{ ...localActor, kind: 'user', id: '0193a000-0000-7000-8000-000000000001', name: 'ana' },
  origin: { ...localActor.origin, via: 'page', address: '192.0.2.7', requestId: 'r-1' },
}

/** Six rows by three actors, oldest first. */
const open = async () => {
  const database = await createTestDb()
  const { db } = database
  const audit = createTestAudit(db)
  const service = { kind: 'service', id: 'shop/web', name: 'shop/web' }
  await audit.write(localActor, {
    ...{ action: 'stack.applied', object: { kind: 'stack', id: 'shop', name: 'shop' } },
  })
  await audit.write(ana, {
    ...{ action: 'service.scaled', object: service, before: { replicas: 1 } },
    after: { replicas: 2 },
  })
  await audit.write(ana, { action: 'service.stopped', object: service, reason: '=1+1, "so"' })
  await audit.write(systemActor, {
    ...{ action: 'user.changed', object: { kind: 'user', id: ana.id, name: 'ana' } },
  })
  await audit.write(ana, {
    ...{ action: 'request.denied', outcome: 'denied', reason: '100%_sure' },
    object: { kind: 'endpoint', id: 'GET /x', name: 'GET /x' },
    concerns: [{ kind: 'service', id: 'shop/orders', name: 'shop/orders' }],
  })
  await audit.write(systemActor, {
    ...{ action: 'grant.created', object: { kind: 'grant', id: 'g-1', name: 'operator' } },
    concerns: [{ kind: 'team', id: 't-1', name: 'payments' }],
  })
  return {
    ...{ db, audit },
    list: (filter: AuditFilter, page: { cursor?: string; limit?: number } = {}) =>
      listAudit(db, filter, { limit: 100, ...page }),
    async [Symbol.asyncDispose]() {
      await audit.close()
      await database[Symbol.asyncDispose]()
    },
  }
}

const filters: [filter: AuditFilter, actions: string[]][] = [
  [
    {},
    [
      'grant.created',
      'request.denied',
      'user.changed',
      'service.stopped',
      'service.scaled',
      'stack.applied',
    ],
  ],
  [{ actor: 'ana' }, ['request.denied', 'service.stopped', 'service.scaled']],
  [{ action: 'service.scaled' }, ['service.scaled']],
  [{ object: 'service:shop/web' }, ['service.stopped', 'service.scaled']],
  [{ object: 'user:ana' }, ['user.changed']],
  [{ object: `user:${ana.id}` }, ['user.changed']],
  [{ object: 'stack:shop/web' }, []],
  [{ object: 'team:payments' }, ['grant.created']],
  [{ object: 'service:shop/orders' }, ['request.denied']],
  [{ object: 'team:t-1' }, ['grant.created']],
  [{ outcome: 'denied' }, ['request.denied']],
  [{ address: '192.0.2.7', action: 'service.stopped' }, ['service.stopped']],
  [{ contains: 'REPLICAS' }, ['service.scaled']],
  [{ contains: '100%_' }, ['request.denied']],
  [{ contains: '10__' }, []],
  [{ until: '2020-01-01T00:00:00Z' }, []],
  [{ from: '2020-01-01T00:00:00Z', actor: 'keelson' }, ['grant.created', 'user.changed']],
]
test('every filter finds its rows, and all that are given must hold', async () => {
  await using bench = await open()
  for (const [filter, actions] of filters) {
    const { items, nextCursor } = await bench.list(filter)
    const found = items.map(({ action }) => action)
    assert.deepEqual([found, nextCursor], [actions, null], JSON.stringify(filter))
  }
})

test('a row tells who, from where, and what was before and after', async () => {
  await using bench = await open()
  const { items } = await bench.list({ action: 'service.scaled' })
  const { actor, before, after, address, via, requestId, outcome } = items[0] ?? assert.fail()
  assert.deepEqual(
    { actor, before, after, address, via, requestId, outcome },
    {
      actor: { kind: 'user', id: ana.id, name: 'ana', credential: 'local' },
      ...{ before: { replicas: 1 }, after: { replicas: 2 }, address: '192.0.2.7' },
      ...{ via: 'page', requestId: 'r-1', outcome: 'done' },
    },
  )
})

test('pages follow each other without a gap, also where rows are searched for', async () => {
  await using bench = await open()
  for (const filter of [{}, { contains: 'ana' }]) {
    const whole = await bench.list(filter)
    const parts = []
    let cursor: string | undefined
    do {
      const page = await bench.list(
        filter,
        cursor === undefined ? { limit: 1 } : { cursor, limit: 1 },
      )
      parts.push(...page.items)
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    assert.deepEqual(parts, whole.items)
  }
})

test('what no index finds is looked for in ten thousand rows at once', async () => {
  await using bench = await open()
  await bench.db.execute(
    `insert into kernel.audit_entry
     select 0, 1000 + n, gen_random_uuid(), now() + n * interval '1 ms', 'stack.applied', 'done',
       'system', 'system', 'keelson', 'stack', 'other', 'other', '{"via":"api"}', 1, '\\x', '\\x'
     from generate_series(1, 10001) as n`,
  )
  const first = await bench.list({ outcome: 'denied' })
  assert.deepEqual(first.items, [])
  const second = await bench.list({ outcome: 'denied' }, { cursor: first.nextCursor ?? '' })
  assert.deepEqual(
    second.items.map(({ action }) => action),
    ['request.denied'],
  )
})

for (const cursor of ['', 'x', '12.', `1.${'-'.repeat(36)}`, `99999999999999999.${ana.id}`]) {
  test(`${JSON.stringify(cursor)} is no cursor of this list`, async () => {
    await using bench = await open()
    await assert.rejects(
      bench.list({}, { cursor }),
      (error) =>
        error instanceof AppError && isErrorCode(error.code) && error.code === 'cursor_invalid',
    )
  })
}

/** What a spreadsheet makes of it, whatever separates its fields. */
const reasons: [reason: string, field: string][] = [
  ['=1+1, "so"', `'=1+1, ""so""`],
  ['+1', `'+1`],
  ['-1', `'-1`],
  ['@SUM(A1)', `'@SUM(A1)`],
  ['  =1+1', `  '=1+1`],
  ['\t=1+1', String.raw`\u0009'=1+1`],
  ['x;=1+1', `x;'=1+1`],
  ['x, "=1+1', `x, ""'=1+1`],
  ['x|-1', `x|'-1`],
  ['x\t@A1', String.raw`x\u0009'@A1`],
  ['x\r\n=1+1', String.raw`x\u000d\u000a'=1+1`],
  ['＝1+1', `'＝1+1`],
  ['x；＋1', `x；'＋1`],
  ['－1', `'－1`],
  ['＠A1', `'＠A1`],
  ['\u200b=1+1', `\u200b'=1+1`],
  ['a\u001b[2Jb', String.raw`a\u001b[2Jb`],
  ['a\u202eb\u2066c', String.raw`a\u202eb\u2066c`],
  ['a\u0085b\u2028c', String.raw`a\u0085b\u2028c`],
  ['a=b-c, d', 'a=b-c, d'],
]
test('ASVS 1.2.10: as CSV, no field is a formula, ends a line or turns text around', async () => {
  await using bench = await open()
  const stack = { kind: 'stack', id: 'csv', name: 'csv' }
  for (const [reason] of reasons) {
    await bench.audit.write(ana, { action: 'stack.removed', object: stack, reason })
  }
  const parts: string[] = []
  const read = (cursor: string | undefined) =>
    bench.list({ object: 'stack:csv' }, cursor === undefined ? { limit: 7 } : { cursor, limit: 7 })
  for await (const part of exportAudit('csv', read)) parts.push(part)
  const [titles = '', ...lines] = parts.join('').split('\r\n')
  assert.match(titles, /^"id","at","action","outcome","actor_kind"/)
  assert.equal(lines.length, reasons.length + 1, 'the last line ends too')
  for (const [, field] of reasons) {
    const found = lines.find((line) => line.includes(`,"${field}","192.0.2.7","page",`))
    assert.match(found ?? field, /^"(?:[^"]|"")*"(?:,"(?:[^"]|"")*"){21}$/)
  }
})

test('as JSON lines, every row is a line', async () => {
  await using bench = await open()
  const parts: string[] = []
  for await (const part of exportAudit('jsonl', (cursor) =>
    bench.list({}, cursor === undefined ? { limit: 2 } : { cursor, limit: 2 }),
  )) {
    parts.push(part)
  }
  const rows = parts.join('').trimEnd().split('\n')
  assert.deepEqual(
    rows.map((line) => JSON.parse(line) as unknown),
    (await bench.list({})).items,
  )
})
