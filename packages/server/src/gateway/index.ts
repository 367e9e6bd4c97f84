/**
 * Gateway: the way in, and between services.
 *
 * What is configured is Kong's model (config/), in documents by who manages them (documents.ts,
 * control/). The control side writes them and the instances as snapshots (publisher.ts), reads rates
 * (traffic.ts), knows when an instance is drained (drain.ts) and asks gateways what they see
 * (questions.ts). The data plane (proxy/, plugins/, cache/, tls/) runs in a process of its own
 * (node.ts) and knows nothing but its snapshot; `keelson gateway serve` runs it alone (standalone/).
 *
 * Tables `gateway.snapshot`, `.document_content`, `.node`, `.revision`, `.question`,
 * `.certificate`, `.certificate_try`, `.acme_account`, `.canary`. Announces `gateway.configured`,
 * `gateway.canary_promoted`, `gateway.canary_rolled_back`.
 * Invariants: a configuration is in effect whole or not at all; a gateway without a database goes on
 * with the snapshot it has.
 */
export { openGatewayControl, type GatewayControl } from './control/open.ts'
export { createCertificates } from './certificates.ts'
export type { Certificates } from './certificates.ts'
export { createOwnCertificate } from './control/acme/own-certificate.ts'
export { sealedColumns as gatewaySealedColumns } from './control/acme/sealed.ts'
export { createDrain } from './drain.ts'
export type { Drain } from './drain.ts'
export { createPublisher } from './publisher.ts'
export type { Publisher } from './publisher.ts'
export { createTraffic } from './traffic.ts'
export { healthPath } from './proxy/engine.ts'
export { mapRoutes } from './routes.ts'
