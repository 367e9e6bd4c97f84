import type { Queryable } from '../../kernel/db.ts'

export type PasskeyRow = {
  id: string
  name: string
  is_backed_up: boolean
  transports: string[]
  created_at: Date
  last_used_at: Date | null
}

export const listPasskeys = (db: Queryable, principalId: string): Promise<PasskeyRow[]> =>
  db.many<PasskeyRow>(
    `select id, name, is_backed_up, transports, created_at, last_used_at from identity.passkey
     where principal_id = $1 order by created_at, id`,
    [principalId],
  )

export type NewPasskey = {
  id: string
  publicKey: Uint8Array
  counter: number
  transports: readonly string[]
  aaguid: string
  isBackedUp: boolean
}

/** False: it is known already, as this person's or another's. */
export const insertPasskey = async (
  tx: Queryable,
  { id, ...passkey }: NewPasskey & { principalId: string; name: string; now: Date },
): Promise<boolean> =>
  (await tx.execute(
    `insert into identity.passkey (id, principal_id, name, public_key, counter, transports, aaguid,
       is_backed_up, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing`,
    [
      ...[id, passkey.principalId, passkey.name, Buffer.from(passkey.publicKey), passkey.counter],
      ...[[...passkey.transports], passkey.aaguid, passkey.isBackedUp, passkey.now],
    ],
  )) === 1

export type OwnedPasskey = {
  principal_id: string
  user_name: string
  disabled_at: Date | null
  name: string
  public_key: Buffer
  /** A bigint. */
  counter: string
}

export const findPasskey = (db: Queryable, id: string): Promise<OwnedPasskey | undefined> =>
  db.maybe<OwnedPasskey>(
    `select principal_id, principal.name as user_name, disabled_at, passkey.name, public_key, counter
     from identity.passkey passkey
     join identity.principal principal on principal.id = passkey.principal_id
     where passkey.id = $1`,
    [id],
  )

/** False: its counter is not ahead of the one we know, which a copy of it would cause. */
export const usePasskey = async (
  db: Queryable,
  use: { id: string; counter: number; isBackedUp: boolean; now: Date },
): Promise<boolean> =>
  (await db.execute(
    `update identity.passkey set counter = $2, is_backed_up = $3, last_used_at = $4
     where id = $1 and (counter < $2 or (counter = 0 and $2 = 0))`,
    [use.id, use.counter, use.isBackedUp, use.now],
  )) === 1

/** Answers with the name before; undefined: there is none of this person. */
export const renamePasskey = (
  tx: Queryable,
  given: { id: string; principalId: string; name: string },
): Promise<{ name: string } | undefined> =>
  tx.maybe<{ name: string }>(
    `update identity.passkey passkey set name = $3
     from (select id, name from identity.passkey where id = $1 for update) before
     where passkey.id = before.id and passkey.principal_id = $2 returning before.name`,
    [given.id, given.principalId, given.name],
  )

/** Answers with its name; undefined: there is none of this person. */
export const deletePasskey = (
  tx: Queryable,
  { id, principalId }: { id: string; principalId: string },
): Promise<{ name: string } | undefined> =>
  tx.maybe<{ name: string }>(
    'delete from identity.passkey where id = $1 and principal_id = $2 returning name',
    [id, principalId],
  )
