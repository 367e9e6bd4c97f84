import type { ProxyProtocol } from '../../proxy-protocol/write.ts'

/** What a look at a target showed. */
export type ProbeResult =
  | { kind: 'status'; status: number }
  /** A connection is all that was asked for, or a gRPC service says that it serves. */
  | { kind: 'ok' }
  | { kind: 'tcp' | 'timeout' | 'http'; detail: string }

export type ProbeTarget = {
  host: string
  port: number
  authority: string
  serverName: string
  proxyProtocol: ProxyProtocol | null
}
