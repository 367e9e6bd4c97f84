/**
 * Identity: who asks, and what they may do. A credential (session cookie, the machine's local token)
 * proves a principal, and `access` makes an Actor of it: ADRs 0021 and 0022.
 *
 * Tables: identity.epoch, principal, password, session, link, team, team_member, role, grant_held,
 * api_token, signing_key, token_family, refresh_token, device_request, totp, passkey, recovery_code, challenge, sign_in_policy, set_up,
 * provider, provider_identity.
 * Invariants: nothing that authenticates is stored as it is; every change has its row in the audit and
 * counts up the epoch, in its transaction; there is always somebody who may do everything.
 */
export { createIdentity } from './identity.ts'
export type { Identity } from './identity.ts'
export { loadLocalToken } from './local-token.ts'
export { accessRoutes } from './access/routes.ts'
export { factorRoutes } from './factors/routes.ts'
export { oauthRoutes } from './oauth/routes.ts'
export { peopleRoutes } from './people/routes.ts'
export { providerRoutes } from './providers/routes.ts'
export { tokenRoutes } from './tokens/routes.ts'
export { numberedColumns, sealedColumns } from './sealed.ts'
