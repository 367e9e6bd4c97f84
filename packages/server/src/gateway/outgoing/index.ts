/** Requests of the gateway itself to servers that somebody configured. */
export { fetchOutgoing } from './fetch.ts'
export type { OutgoingAnswer, OutgoingAsk, OutgoingPolicy } from './fetch.ts'
export { discoverIssuer, type IssuerMetadata } from './discovery.ts'
export { OutgoingError, type OutgoingReason } from './outgoing-error.ts'
export { publishedKeys, type PublishedKeys } from './published-keys.ts'
