/** Requests of the platform itself to servers that somebody configured: keys of issuers, sign-in providers. */
export { fetchOutgoing } from './fetch.ts'
export type { OutgoingAnswer, OutgoingAsk, OutgoingPolicy } from './fetch.ts'
export { discoverIssuer, type IssuerMetadata } from './discovery.ts'
export { OutgoingError, type OutgoingReason } from './outgoing-error.ts'
export { publishedKeys, readPublishedKeys, type PublishedKeys } from './published-keys.ts'
export { refreshed, type Refreshed } from './refreshed.ts'
