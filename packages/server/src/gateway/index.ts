/**
 * Gateway: the way in, and between services. The control side writes snapshots (publisher.ts),
 * reads rates (traffic.ts) and knows when an instance is drained (drain.ts); the data plane (proxy/) runs in a process of its own (node.ts) and
 * knows nothing but its snapshot. Tables `gateway.snapshot`, `gateway.node`. Announces nothing.
 * Invariant: a gateway without a database goes on with the snapshot it has.
 */
export { createDrain } from './drain.ts'
export type { Drain } from './drain.ts'
export { createPublisher } from './publisher.ts'
export type { Publisher } from './publisher.ts'
export { createTraffic } from './traffic.ts'
export { healthPath } from './proxy/engine.ts'
export { mapRoutes } from './routes.ts'
