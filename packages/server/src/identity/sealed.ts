import type { NumberedColumn, SealedColumn } from '../kernel/keys/index.ts'

/**
 * What of identity is sealed under a master key, as the code beside each table seals it. Successors of
 * refresh tokens are not among them: they are kept for some seconds.
 */
export const sealedColumns: readonly SealedColumn[] = [
  {
    what: 'secrets of authenticator apps',
    ...{ table: 'identity.totp', id: 'principal_id', column: 'sealed_secret' },
    ...{ purpose: 'totp', bound: (principalId) => `totp|${principalId}` },
  },
  {
    what: 'keys that tokens are signed with',
    ...{ table: 'identity.signing_key', id: 'id', column: 'sealed_private' },
    ...{ purpose: 'signing-key', bound: (id) => id },
  },
  {
    what: 'secrets of sign-in providers',
    ...{ table: 'identity.provider', id: 'id', column: 'sealed_secret' },
    ...{ purpose: 'provider', bound: (id) => `provider|${id}` },
  },
]

/** Each use of a token writes it under the key in use. */
export const numberedColumns: readonly NumberedColumn[] = [
  { what: 'API tokens not used since', table: 'identity.api_token', number: 'pepper' },
  {
    ...{ what: 'API tokens whose former secret works for a while', table: 'identity.api_token' },
    number: 'case when former_until > now() then former_pepper end',
  },
]
