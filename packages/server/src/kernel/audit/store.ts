import assert from 'node:assert'
import type { Tx } from '../db.ts'
import type { Keyring } from '../keys/index.ts'
import { chainOf, macOf, type Content } from './entry.ts'

type Head = { lane: number; number: string; chain: Buffer }

/** From 0 on, as `0003_audit.sql` makes them. */
export const lanes = 16

/** With a parameter, so that its plan is kept. An end that somebody has added is none. */
const anyLane = `
  select lane, number, chain from kernel.audit_lane where lane >= 0 and lane < $1
  order by random() limit 1 for update`
/** Any lane nobody appends to at this moment. */
const freeLane = `${anyLane} skip locked`

const columns = `lane, number, id, at, action, outcome, actor_kind, actor_id, actor_name,
  object_kind, object_id, object_name, detail, key_number, mac, chain`

/**
 * Nearly every change has one row, and a change costs its ways to the database: PostgreSQL makes the
 * chain itself, as `chainOf` does, of the lane it has just locked. Nothing when no lane is free.
 */
const appendOne = `
  with head as (${freeLane}
  ), entry as (
    insert into kernel.audit_entry (${columns})
    select lane, number + 1, $2::uuid, $3::timestamptz, $4, $5, $6, $7, $8, $9, $10, $11, $12,
      $13::integer, $14::bytea,
      sha256(chain || convert_to(lane || '/' || (number + 1) || '/', 'UTF8') || $14::bytea)
    from head returning lane, number, chain
  ), moved as (
    update kernel.audit_lane head set number = entry.number, chain = entry.chain
    from entry where head.lane = entry.lane returning head.lane
  )
  select (select count(*) from entry)::integer as written,
    (select count(*) from moved)::integer as moved`

const insertMany = `
  with moved as (update kernel.audit_lane set number = $17, chain = $18 where lane = $19)
  insert into kernel.audit_entry (${columns})
  select * from unnest($1::smallint[], $2::bigint[], $3::uuid[], $4::timestamptz[], $5::text[],
    $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
    $13::text[], $14::integer[], $15::bytea[], $16::bytea[])`

/**
 * Appends the rows of a transaction to one lane, in their order. Called right before COMMIT: the
 * lane is locked from here until the commit is visible.
 */
export const appendToLane = async (
  tx: Tx,
  keyring: Keyring,
  contents: readonly Content[],
): Promise<void> => {
  const [first, ...others] = contents
  if (first !== undefined && others.length === 0 && (await appendAlone(tx, keyring, first))) return
  await appendAll(tx, keyring, contents)
}

/** False: no lane is free. */
const appendAlone = async (tx: Tx, keyring: Keyring, content: Content): Promise<boolean> => {
  const { written, moved } = await tx.one<{ written: number; moved: number }>(appendOne, [
    lanes,
    ...valuesOf(content),
    keyring.current,
    macOf(keyring, content),
  ])
  assert.equal(moved, written, 'an audit row was written and its lane not moved')
  return written === 1
}

const appendAll = async (tx: Tx, keyring: Keyring, contents: readonly Content[]): Promise<void> => {
  // When all are in use, waits for one of them.
  const head = (await tx.maybe<Head>(freeLane, [lanes])) ?? (await tx.maybe<Head>(anyLane, [lanes]))
  assert(head !== undefined, 'the ends of all lanes are missing: keelson audit verify')
  let number = BigInt(head.number)
  let chain = head.chain
  const rows = contents.map((content) => {
    number += 1n
    const mac = macOf(keyring, content)
    chain = chainOf(chain, { lane: head.lane, number }, mac)
    return [head.lane, String(number), ...valuesOf(content), keyring.current, mac, chain]
  })
  const byColumn = rows[0]?.map((_value, column) => rows.map((row) => row[column])) ?? []
  const written = await tx.execute(insertMany, [...byColumn, String(number), chain, head.lane])
  assert.equal(written, rows.length, 'audit rows were not written')
}

const valuesOf = (content: Content): unknown[] => [
  ...[content.id, content.at, content.action, content.outcome],
  ...[content.actorKind, content.actorId, content.actorName],
  ...[content.objectKind, content.objectId, content.objectName, content.detail],
]
