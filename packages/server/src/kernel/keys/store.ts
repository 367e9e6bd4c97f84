import type { Db, Queryable, Tx } from '../db.ts'
import { AppError } from '../errors.ts'
import { sameBytes } from '../same-bytes.ts'
import type { Keyring } from './keyring.ts'
import type { NumberedColumn, SealedColumn } from './sealed.ts'

/**
 * Holds the keyring against what the database has seen before: a lost or foreign key is told at the
 * start, instead of by everything that no longer opens. Throws AppError `master_key_wrong`.
 */
export const checkKeyring = async (db: Db, keyring: Keyring): Promise<void> => {
  const seen = await db.many<{ number: number; proof: Buffer }>(
    'select number, proof from kernel.master_key order by number',
  )
  for (const { number, proof } of seen) {
    if (!keyring.numbers.includes(number)) {
      throw new AppError('master_key_wrong', {
        message: `The database was used with master key ${number}, which is not there`,
      })
    }
    if (!sameBytes(proofOf(keyring, number), proof)) {
      throw new AppError('master_key_wrong', {
        message: `Master key ${number} is not the one the database was used with`,
      })
    }
  }
  // Of a database that is used for the first time; what comes later is a rotation.
  if (seen.length === 0) await insertProofs(db, keyring, keyring.numbers)
}

/** Of a database that is used for the first time it is false. */
export const hasSeenKeys = async (db: Queryable): Promise<boolean> =>
  (await selectNumbers(db)).length > 0

export const proofOf = (keyring: Keyring, number: number): Buffer =>
  keyring.mac('check', String(number), number)

export const insertProofs = async (
  into: Queryable,
  keyring: Keyring,
  numbers: readonly number[],
): Promise<void> => {
  for (const number of numbers) {
    await into.execute(
      'insert into kernel.master_key (number, proof) values ($1, $2) on conflict do nothing',
      [number, proofOf(keyring, number)],
    )
  }
}

export const deleteProof = (tx: Tx, number: number): Promise<number> =>
  tx.execute('delete from kernel.master_key where number = $1', [number])

/** Those that the database was used with. */
export const selectNumbers = async (from: Queryable): Promise<number[]> =>
  (await from.many<{ number: number }>('select number from kernel.master_key order by number')).map(
    ({ number }) => number,
  )

export type SealedRow = { id: string; sealed: string }

/** The next ones that another key than this one sealed, by id. */
export const selectOlderSealed = (
  from: Queryable,
  { table, id, column }: SealedColumn,
  asked: { current: number; after: string; limit: number },
): Promise<SealedRow[]> =>
  from.many<SealedRow>(
    `select ${id}::text as id, ${column} as sealed from ${table}
     where ${column} is not null and not starts_with(${column}, $1) and ${id}::text > $2
     order by ${id}::text limit $3`,
    [`${asked.current}.`, asked.after, asked.limit],
  )

/** Unless somebody has written another one meanwhile. */
export const putSealed = (
  tx: Tx,
  { table, id, column }: SealedColumn,
  row: SealedRow,
  sealed: string,
): Promise<number> =>
  tx.execute(`update ${table} set ${column} = $1 where ${id}::text = $2 and ${column} = $3`, [
    ...[sealed, row.id, row.sealed],
  ])

export type Holding = { what: string; number: number; count: number }

export const countSealed = async (
  from: Queryable,
  { what, table, column }: SealedColumn,
): Promise<Holding[]> =>
  (
    await from.many<{ number: number; count: number }>(
      `select split_part(${column}, '.', 1)::int as number, count(*)::int as count
       from ${table} where ${column} is not null group by 1 order by 1`,
    )
  ).map((found) => ({ what, ...found }))

export const countNumbered = async (
  from: Queryable,
  { what, table, number }: NumberedColumn,
): Promise<Holding[]> =>
  (
    await from.many<{ number: number; count: number }>(
      `select ${number} as number, count(*)::int as count
       from ${table} where ${number} is not null group by 1 order by 1`,
    )
  ).map((found) => ({ what, ...found }))

/** Whether rows or checkpoints of the audit that are still kept were written under it. */
export const isAudited = async (from: Queryable, number: number): Promise<boolean> =>
  (
    await from.one<{ found: boolean }>(
      `select exists (select from kernel.audit_checkpoint where key_number = $1)
         or exists (select from kernel.audit_entry where key_number = $1) as found`,
      [number],
    )
  ).found
