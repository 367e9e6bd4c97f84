import type { Queryable } from '../../kernel/db.ts'
import { canSignIn } from '../access/store.ts'

/** Somebody's account at a provider, and whose it is here. */
export type IdentityRow = {
  provider_id: string
  provider_name: string
  subject: string
  principal_id: string
  email: string | null
  created_at: Date
  last_used_at: Date | null
}

export type KnownUser = { id: string; name: string; disabled_at: Date | null }

/**
 * Whose account at the provider this is. It cannot change hands until the transaction ends, and they are
 * locked as by `lockPerson`.
 */
export const findUserBySubject = (
  tx: Queryable,
  { providerId, subject }: { providerId: string; subject: string },
): Promise<KnownUser | undefined> =>
  tx.maybe(
    `select principal.id, principal.name, principal.disabled_at
     from identity.provider_identity known
     join identity.principal principal on principal.id = known.principal_id
     where known.provider_id = $1 and known.subject = $2
     for share of known for no key update of principal`,
    [providerId, subject],
  )

type NewIdentity = {
  providerId: string
  subject: string
  principalId: string
  email: string | null
  now: Date
}

export const insertIdentity = async (tx: Queryable, given: NewIdentity): Promise<void> => {
  await tx.execute(
    `insert into identity.provider_identity
       (provider_id, subject, principal_id, email, created_at) values ($1, $2, $3, $4, $5)`,
    [given.providerId, given.subject, given.principalId, given.email, given.now],
  )
}

export const useIdentity = async (
  tx: Queryable,
  given: Omit<NewIdentity, 'principalId'>,
): Promise<void> => {
  await tx.execute(
    `update identity.provider_identity set last_used_at = $3, email = $4
     where provider_id = $1 and subject = $2`,
    [given.providerId, given.subject, given.now, given.email],
  )
}

export const selectIdentitiesOf = (db: Queryable, principalId: string): Promise<IdentityRow[]> =>
  db.many(
    `select known.provider_id, provider.name as provider_name, known.subject, known.principal_id,
       known.email, known.created_at, known.last_used_at
     from identity.provider_identity known
     join identity.provider provider on provider.id = known.provider_id
     where known.principal_id = $1 order by provider.name, known.subject`,
    [principalId],
  )

/** Their subjects; none: there was nothing. */
export const deleteIdentities = async (
  tx: Queryable,
  { providerId, principalId }: { providerId: string; principalId: string },
): Promise<string[]> =>
  (
    await tx.many<{ subject: string }>(
      `delete from identity.provider_identity where provider_id = $1 and principal_id = $2
       returning subject`,
      [providerId, principalId],
    )
  ).map(({ subject }) => subject)

/** Two who take away each another way to sign in follow one another. */
export const lockUser = (tx: Queryable, id: string): Promise<KnownUser | undefined> =>
  tx.maybe('select id, name, disabled_at from identity.principal where id = $1 for update', [id])

export const canStillSignIn = async (tx: Queryable, principalId: string): Promise<boolean> =>
  (
    await tx.one<{ can: boolean }>(
      `select ${canSignIn} as can from identity.principal principal where id = $1`,
      [principalId],
    )
  ).can
