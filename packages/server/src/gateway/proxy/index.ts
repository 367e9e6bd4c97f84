/**
 * The data plane of the gateway: a standalone HTTP/1.1 reverse proxy that is told everything by
 * snapshots and keeps no state of its own but counters.
 *
 * Invariants:
 * - A request sees one snapshot's routes from start to end; a swap drops no request and no
 *   WebSocket. Which instance it goes to is decided when it is sent, by the newest snapshot.
 * - The platform's session cookie passes in neither direction.
 * - A request is sent twice only if it may be, or if the first instance never saw it.
 * - Nothing is unbounded: see limits.ts.
 */
export { createProxy } from './proxy.ts'
export type { Proxy, ProxyLog, ProxyOptions } from './proxy.ts'
