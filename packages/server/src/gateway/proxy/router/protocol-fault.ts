import type { RouteEntry } from './route-match.ts'

/**
 * What keeps a request from a gRPC route that it matches otherwise, with Kong's answers:
 * `http2`: 426 `Please use HTTP2 protocol` with `connection: Upgrade` and `upgrade: HTTP/2`;
 * `grpc`: 415 `Non-gRPC request matched gRPC route`;
 * `grpcs`: 200 with `content-type: application/grpc`, `grpc-status: 1` and
 * `grpc-message: gRPC request matched gRPCs route`.
 */
export type ProtocolFault = 'http2' | 'grpc' | 'grpcs'

/** Null when nothing does. `needsHttps` of a match is asked first. */
export const protocolFault = (
  { protocols }: Pick<RouteEntry<unknown>, 'protocols'>,
  request: { version: '1.0' | '1.1' | '2'; scheme: 'http' | 'https'; contentType: string },
): ProtocolFault | null => {
  const plain = protocols.includes('grpc')
  if (!plain && !protocols.includes('grpcs')) return null
  if (!request.contentType.startsWith('application/grpc')) return 'grpc'
  if (request.version !== '2') return 'http2'
  return plain || request.scheme === 'https' ? null : 'grpcs'
}
