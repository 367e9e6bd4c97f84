import type { GatewayConfig } from './config/model.ts'

/**
 * All that the gateway process knows. The control process writes a whole snapshot for every
 * change; the gateway swaps it in one assignment, so a request sees one snapshot from start to end.
 */
export type GatewaySnapshot = {
  revision: number
  services: Readonly<Record<string, GatewayService>> // by '<stack>/<service>'
  /** Ways in from the public port, by who manages them; names are unique within a document. */
  documents: readonly GatewayDocument[]
  edges: readonly GatewayEdge[]
  /** What an ACME server has given, and is to find. */
  acme?: GatewayAcme
  /** Decisions on canaries that are kept. */
  canaries?: readonly GatewayCanary[]
}

/** How far a canary has come: a gateway decides, the control side keeps it, all go by it. */
export type GatewayCanary = {
  /** Who manages the service, and its id there. */
  manager: string
  service: string
  /** Digest of the split it belongs to: another split begins anew. */
  split: string
  /** Grows with every decision; of two for the same split the higher counts. */
  decision: number
  /** Index into the steps. */
  step: number
  percent: number
  outcome: 'moving' | 'promoted' | 'rolled back'
  /** A sentence on the last decision. */
  reason: string
  /** ISO 8601. */
  since: string
}

/** Certificates that were obtained for names of the documents, and proofs under way. */
export type GatewayAcme = {
  certificates: readonly { names: readonly string[]; cert: string; key: string }[]
  /** Body at `/.well-known/acme-challenge/<token>`, by token (RFC 8555 8.3). */
  challenges: Readonly<Record<string, string>>
  /** Digest (base64url) in the certificate shown for `acme-tls/1`, by name (RFC 8737). */
  proofs?: Readonly<Record<string, string>>
}

export type GatewayService = {
  id: string
  endpoints: readonly GatewayEndpoint[]
}

export type GatewayEndpoint = {
  /** Instance name; in the answer headers, metrics and the map. */
  instance: string
  host: string
  /** Port by which the service's routes reach it. */
  port: number
  /** Other ports of the instance: target → port on the host. */
  ports: Readonly<Record<string, number>>
  /** False: gets no traffic as long as another endpoint is healthy. */
  healthy: boolean
  /** True: gets no new request as long as another endpoint is healthy; what it has goes on. */
  draining: boolean
  /** Where it is, for upstreams that prefer a zone; unknown when absent. */
  zone?: string
}

/** A configuration in Kong's words, and who manages it. */
export type GatewayDocument = {
  /** `compose:<stack>`, `file:<stack>` (kong.yml beside the compose file), `api`, or `file`. */
  manager: string
  /**
   * Hosts of services are looked up among the services of this stack before DNS; null: DNS only.
   * Service `h` of the document then is `<stack>/h` of `services`.
   */
  stack: string | null
  /** Headers and error bodies of answers: as Kong makes them, or problems (RFC 9457). */
  style: 'kong' | 'keelson'
  config: GatewayConfig
}

/**
 * A loopback port by which one service reaches another: the caller needs no discovery and no
 * library, and the map knows who called whom.
 */
export type GatewayEdge = { source: string; service: string; port: number; timeoutMs: number }

/** Counters since the process started, summed by edge; the control process takes differences. */
export type TrafficCounters = {
  source: string // 'internet' for the public port, else '<stack>/<service>'
  service: string
  requests: number
  errors: number // answers >= 500 and failed connections
  durationMsSum: number
  bytesOut: number
}
