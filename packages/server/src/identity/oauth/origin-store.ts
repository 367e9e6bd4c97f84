import type { Permission } from '@keelson/contract'
import type { Queryable } from '../../kernel/db.ts'

/** What an access token was made from, with whose it is. */
export type OriginRow = {
  principal_id: string
  kind: 'user' | 'service_account'
  name: string
  scopes: Permission[] | null
  expires_at: Date | null
  /** Of a person; null for an API token. */
  authenticated_at: Date | null
  /** Empty: from everywhere. */
  networks: string[]
  /** Of the secret of an API token that counts; null for what a person signed in. */
  secret_number: number | null
  /** Who stands behind the API token, and who behind its secret of before, until then. */
  bounded_by: string[]
  former_bounded_by: string[]
  former_until: Date | null
}

export const findFamilyOrigin = (db: Queryable, id: string): Promise<OriginRow | undefined> =>
  db.maybe<OriginRow>(
    `select family.principal_id, principal.kind, principal.name, family.scopes, family.expires_at,
       family.authenticated_at, '{}'::text[] as networks, '{}'::text[] as bounded_by,
       '{}'::text[] as former_bounded_by, null::timestamptz as former_until,
       null::integer as secret_number
     from identity.token_family family
     join identity.principal principal on principal.id = family.principal_id
     where family.id = $1 and principal.disabled_at is null`,
    [id],
  )

export const findTokenOrigin = (db: Queryable, id: string): Promise<OriginRow | undefined> =>
  db.maybe<OriginRow>(
    `select token.principal_id, principal.kind, principal.name, token.scopes, token.expires_at,
       null::timestamptz as authenticated_at, token.networks, token.bounded_by,
       token.former_bounded_by, token.former_until, token.secret_number
     from identity.api_token token
     join identity.principal principal on principal.id = token.principal_id
     where token.id = $1 and principal.disabled_at is null`,
    [id],
  )
