import type { Queryable } from '../../kernel/db.ts'

/** `generation`: another one once the password, the factors or `disabled_at` have changed. */
export type Standing = { generation: number; disabled_at: Date | null }

export const findGeneration = async (
  db: Queryable,
  by: { id: string } | { nameKey: string },
): Promise<number | null> =>
  (
    await db.maybe<{ generation: number }>(
      `select generation from identity.principal
       where kind = 'user' and ${'id' in by ? 'id' : 'name_key'} = $1`,
      ['id' in by ? by.id : by.nameKey],
    )
  )?.generation ?? null

/**
 * What somebody signs in by, and whether they may, changes nowhere else until the transaction ends:
 * taken first by whatever opens a session, and by whatever changes one of these and ends sessions.
 * Undefined: there is nobody of this id.
 */
export const lockPerson = (tx: Queryable, id: string): Promise<Standing | undefined> =>
  tx.maybe<Standing>(
    `select generation, disabled_at from identity.principal
     where id = $1 and kind = 'user' for no key update`,
    [id],
  )

/** Locks as `lockPerson`; false: what was proved at this generation may not count any more. */
export const holdsSince = async (
  tx: Queryable,
  { id, generation }: { id: string; generation: number | null },
): Promise<boolean> => {
  const present = await lockPerson(tx, id)
  return present?.disabled_at === null && present.generation === generation
}

export const nextGeneration = async (tx: Queryable, id: string): Promise<void> => {
  await tx.execute('update identity.principal set generation = generation + 1 where id = $1', [id])
}

/** Second steps and ceremonies that they are in the middle of. */
export const deleteBegun = async (tx: Queryable, principalId: string): Promise<void> => {
  await tx.execute('delete from identity.challenge where principal_id = $1', [principalId])
}
