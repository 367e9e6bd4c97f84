/**
 * Identity: who asks, as an Actor. For now one administrator session, opened by a printed
 * single-use link, and the local token of the CLI. Tables `identity.setup_link`,
 * `identity.session`. Invariants: tokens are stored as digests; a link opens one session.
 */
export { createIdentity } from './identity.ts'
export type { Identity } from './identity.ts'
export { loadLocalToken } from './local-token.ts'
export { accessRoutes } from './routes.ts'
