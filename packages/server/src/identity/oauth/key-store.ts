import type { JWK } from 'jose'
import type { Queryable } from '../../kernel/db.ts'

export type SigningKeyRow = {
  /** The `kid`: thumbprint of the public half (RFC 7638). */
  id: string
  public_jwk: JWK
  sealed_private: string
  created_at: Date
  signs_from: Date
  signs_until: Date
}

/** One process at a time decides whether a key is due. */
export const lockSigningKeys = async (tx: Queryable): Promise<void> => {
  await tx.execute('lock table identity.signing_key in share row exclusive mode')
}

/** The one that signs first comes first. */
export const listSigningKeys = (db: Queryable): Promise<SigningKeyRow[]> =>
  db.many<SigningKeyRow>(
    `select id, public_jwk, sealed_private, created_at, signs_from, signs_until
     from identity.signing_key order by signs_from, id`,
  )

export const insertSigningKey = async (tx: Queryable, key: SigningKeyRow): Promise<void> => {
  await tx.execute(
    `insert into identity.signing_key
       (id, public_jwk, sealed_private, created_at, signs_from, signs_until)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      ...[key.id, JSON.stringify(key.public_jwk), key.sealed_private],
      ...[key.created_at, key.signs_from, key.signs_until],
    ],
  )
}

export const extendSigning = async (tx: Queryable, id: string, until: Date): Promise<void> => {
  await tx.execute(
    'update identity.signing_key set signs_until = greatest(signs_until, $2) where id = $1',
    [id, until],
  )
}

export const deleteSigningKeys = async (tx: Queryable, before: Date): Promise<void> => {
  await tx.execute('delete from identity.signing_key where signs_until < $1', [before])
}
