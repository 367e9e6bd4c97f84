/**
 * All that the gateway process knows. The control process writes a whole snapshot for every
 * change; the gateway swaps it in one assignment, so a request sees one snapshot from start to end.
 */
export type GatewaySnapshot = {
  revision: number
  services: Readonly<Record<string, GatewayService>> // by '<stack>/<service>'
  routes: readonly GatewayRoute[]
  edges: readonly GatewayEdge[]
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
}

/** A way in from the public port. Longest path wins, a host beats no host. */
export type GatewayRoute = {
  id: string
  service: string
  host?: string
  path: string
  stripPath: boolean
  /** Target port of the service when it has several. */
  port?: number
  timeoutMs: number
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
