import { builtInRoles, type ProviderSettings } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import type { Queryable } from '../../kernel/db.ts'
import { notThere } from '../not-there.ts'
import { rolesThereAre, type ProviderRow } from './provider-store.ts'

/** Beside its secret. */
export type Settings = Omit<ProviderRow, 'id' | 'created_at' | 'sealed_secret'>

const scopesUnlessTold = ['openid', 'profile', 'email']
const groupsClaimUnlessTold = 'groups'

/** What is left out stays as it is. */
export const settingsAfter = (
  given: ProviderSettings,
  before: ProviderRow | undefined,
  now: Date,
): Settings => {
  const isDisabled = given.disabled ?? (before?.disabled_at ?? null) !== null
  return {
    ...{ name: given.name, issuer: given.issuer, client_id: given.clientId },
    scopes: given.scopes ?? before?.scopes ?? scopesUnlessTold,
    groups_claim: given.groupsClaim ?? before?.groups_claim ?? groupsClaimUnlessTold,
    role_map: given.roles ?? before?.role_map ?? [],
    creates_users: given.createsUsers ?? before?.creates_users ?? false,
    trusts_factors: given.trustsFactors ?? before?.trusts_factors ?? false,
    allows_internal: given.allowsInternal ?? before?.allows_internal ?? false,
    disabled_at: isDisabled ? (before?.disabled_at ?? now) : null,
  }
}

/** Throws AppError `provider_unusable`: only https, unless it may be inside. */
export const checkIssuer = ({ issuer, allows_internal: allowsInternal }: Settings): void => {
  const refuse = (message: string): never => {
    throw new AppError('provider_unusable', { message })
  }
  if (!URL.canParse(issuer)) return refuse(`${issuer} is no address`)
  const { protocol, search, hash, username, password } = new URL(issuer)
  if (protocol !== 'https:' && !(allowsInternal && protocol === 'http:')) {
    return refuse(`${issuer} is not https; plain http is for addresses inside`)
  }
  if (search !== '' || hash !== '' || issuer.includes('?') || issuer.includes('#')) {
    return refuse('An issuer has no query and no fragment')
  }
  if (username + password !== '') return refuse('An issuer holds no credentials')
}

/** Throws AppError `not_found`. */
export const checkRoles = async (db: Queryable, { role_map: map }: Settings): Promise<void> => {
  const own = map.map(({ role }) => role).filter((role) => !Object.hasOwn(builtInRoles, role))
  const known = await rolesThereAre(db, own)
  const missing = own.find((role) => !known.has(role))
  if (missing === undefined) return
  throw notThere('role', missing)
}

/** As the audit tells of it. */
export const toldOf = (row: Settings) => ({
  ...{ name: row.name, issuer: row.issuer, clientId: row.client_id, scopes: row.scopes },
  ...{ groupsClaim: row.groups_claim, createsUsers: row.creates_users },
  ...{ trustsFactors: row.trusts_factors, allowsInternal: row.allows_internal },
  disabled: row.disabled_at !== null,
  roles: row.role_map.map(({ group, role, on = {} }) => ({ group, role, on })),
})
