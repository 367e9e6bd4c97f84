import type { Queryable } from '../../kernel/db.ts'

/** How somebody can prove who they are. */
export type FactorFacts = {
  has_password: boolean
  totp_since: Date | null
  passkeys: number
  recovery_codes: number
  /** Accounts of providers that are enabled. */
  identities: number
}

export const findFactors = (db: Queryable, principalId: string): Promise<FactorFacts> =>
  db.one<FactorFacts>(
    `select
      exists (select from identity.password where principal_id = $1) as has_password,
      (select confirmed_at from identity.totp where principal_id = $1) as totp_since,
      (select count(*)::integer from identity.passkey where principal_id = $1) as passkeys,
      (select count(*)::integer from identity.recovery_code where principal_id = $1)
        as recovery_codes,
      (select count(*)::integer from identity.provider_identity linked
       join identity.provider provider on provider.id = linked.provider_id
       where linked.principal_id = $1 and provider.disabled_at is null) as identities`,
    [principalId],
  )

export type TotpRow = { sealed_secret: string; confirmed_at: Date | null }

export const findTotp = (db: Queryable, principalId: string): Promise<TotpRow | undefined> =>
  db.maybe<TotpRow>(
    'select sealed_secret, confirmed_at from identity.totp where principal_id = $1',
    [principalId],
  )

/** What is confirmed stays so, and is sealed together with the one that is not yet. */
export const putTotpDraft = async (
  tx: Queryable,
  given: { principalId: string; sealed: string; now: Date },
): Promise<void> => {
  await tx.execute(
    `insert into identity.totp (principal_id, sealed_secret, created_at) values ($1, $2, $3)
     on conflict (principal_id) do update set sealed_secret = excluded.sealed_secret`,
    [given.principalId, given.sealed, given.now],
  )
}

export const confirmTotp = async (
  tx: Queryable,
  given: { principalId: string; sealed: string; step: number; now: Date },
): Promise<void> => {
  await tx.execute(
    `update identity.totp
     set sealed_secret = $2, last_step = $3, confirmed_at = $4, created_at = $4
     where principal_id = $1`,
    [given.principalId, given.sealed, given.step, given.now],
  )
}

/**
 * Takes a time step; false: it, or a later one, is taken. Two at once: the row lock lets only one of
 * them have it.
 */
export const takeStep = async (
  tx: Queryable,
  { principalId, step }: { principalId: string; step: number },
): Promise<boolean> =>
  (await tx.execute(
    `update identity.totp set last_step = $2
     where principal_id = $1 and confirmed_at is not null and last_step < $2`,
    [principalId, step],
  )) === 1

/** How many there were. */
export const deleteTotp = (tx: Queryable, principalId: string): Promise<number> =>
  tx.execute('delete from identity.totp where principal_id = $1 and confirmed_at is not null', [
    principalId,
  ])

export const replaceRecoveryCodes = async (
  tx: Queryable,
  principalId: string,
  digests: readonly Buffer[],
): Promise<void> => {
  await tx.execute('delete from identity.recovery_code where principal_id = $1', [principalId])
  await tx.execute(
    `insert into identity.recovery_code (code_digest, principal_id)
     select digest, $1 from unnest($2::bytea[]) digest`,
    [principalId, [...digests]],
  )
}

/** Uses it up. Two at once: the row lock lets only one of them delete it. */
export const takeRecoveryCode = async (
  tx: Queryable,
  principalId: string,
  digest: Buffer,
): Promise<boolean> =>
  (await tx.execute(
    'delete from identity.recovery_code where principal_id = $1 and code_digest = $2',
    [principalId, digest],
  )) === 1

/** All but what signs in by itself: the password and accounts of providers. */
export const deleteFactors = async (tx: Queryable, principalId: string): Promise<void> => {
  for (const table of ['totp', 'passkey', 'recovery_code']) {
    await tx.execute(`delete from identity.${table} where principal_id = $1`, [principalId])
  }
}

export const readFactorRoles = async (db: Queryable): Promise<string[]> =>
  (await db.one<{ factor_roles: string[] }>('select factor_roles from identity.sign_in_policy'))
    .factor_roles

export const writeFactorRoles = async (db: Queryable, roles: readonly string[]): Promise<void> => {
  await db.execute('update identity.sign_in_policy set factor_roles = $1', [[...roles]])
}
