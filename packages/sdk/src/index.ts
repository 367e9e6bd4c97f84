/**
 * `@keelson/sdk`: a typed call for every operation of the Keelson API, and the ways to be somebody in
 * it: an API token, or a person who approves the program in the browser. Needs nothing but `fetch`.
 */
export { createClient } from './client.ts'
export type { Answer, Client, ClientOptions, Input, OperationName } from './client.ts'
export { bearer, createRefreshing } from './credentials.ts'
export type { Credentials, TokenSet, TokenStore } from './credentials.ts'
export { signInByDevice } from './device-sign-in.ts'
export type { DeviceCode } from './device-sign-in.ts'
export { OAuthError } from './oauth.ts'
export { ProblemError, problemOf } from './problem.ts'
export { operations } from './generated/api.ts'
export type * from './generated/api.ts'
