import assert from 'node:assert'
import type { Tx } from '../db.ts'
import type { Keyring } from '../keys/index.ts'
import { chainOf, macOf, type Content } from './entry.ts'

type Head = { lane: number; number: string; chain: Buffer }

/** Any lane nobody appends to at this moment. */
const freeLane = `
  select lane, number, chain from kernel.audit_lane
  order by random() limit 1 for update skip locked`
/** All sixteen are in use: waits for one. */
const anyLane = `
  select lane, number, chain from kernel.audit_lane
  where lane = floor(random() * 16)::int for update`

const columns = `lane, number, id, at, action, outcome, actor_kind, actor_id, actor_name,
  object_kind, object_id, object_name, detail, key_number, mac, chain`

const insert = `
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
  const head =
    (await tx.maybe<Head>(freeLane)) ??
    // `random()` is drawn for each row: it may find none of them.
    (await tx.maybe<Head>(anyLane)) ??
    (await tx.one<Head>(
      'select lane, number, chain from kernel.audit_lane where lane = 0 for update',
    ))
  const key = keyring.derive('audit/mac')
  let number = BigInt(head.number)
  let chain = head.chain
  const rows = contents.map((content) => {
    number += 1n
    const mac = macOf(key, content)
    chain = chainOf(chain, { lane: head.lane, number }, mac)
    return { ...content, number: String(number), mac, chain }
  })
  const each = <T>(pick: (row: (typeof rows)[number]) => T): T[] => rows.map(pick)
  const written = await tx.execute(insert, [
    ...[each(() => head.lane), each((row) => row.number), each(({ id }) => id)],
    ...[each(({ at }) => at), each(({ action }) => action), each(({ outcome }) => outcome)],
    ...[each((row) => row.actorKind), each((row) => row.actorId), each((row) => row.actorName)],
    ...[each((row) => row.objectKind), each((row) => row.objectId), each((row) => row.objectName)],
    ...[each(({ detail }) => detail), each(() => keyring.current)],
    ...[each(({ mac }) => mac), each((row) => row.chain)],
    ...[String(number), chain, head.lane],
  ])
  assert.equal(written, rows.length, 'audit rows were not written')
}
