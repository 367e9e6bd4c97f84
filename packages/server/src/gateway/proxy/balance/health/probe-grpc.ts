import { connect, type ClientHttp2Session } from 'node:http2'

import { dial, type OriginTls } from '../../dial.ts'
import type { ProbeResult, ProbeTarget } from './probe-result.ts'

/** `grpc.health.v1.HealthCheckRequest` for the whole server: an empty message in its frame. */
const emptyMessage = Buffer.alloc(5)
const statusOk = '0'
/** The server speaks gRPC but has no health service: as well as can be told. */
const statusUnimplemented = '12'
const serving = 1

/** Asks the health service of gRPC (grpc.health.v1, Check). */
export const probeGrpc = (
  { host, port, authority }: ProbeTarget,
  tls: OriginTls | null,
  settle: (result: ProbeResult) => void,
): (() => void) => {
  const socket = dial({ host, port, tls, alpn: ['h2'] })
  const scheme = tls === null ? 'http' : 'https'
  const session: ClientHttp2Session = connect(`${scheme}://${authority}`, {
    createConnection: () => socket,
  })
  const fail = (error: Error): void => settle({ kind: 'tcp', detail: error.message })
  socket.on('error', fail)
  session.on('error', fail)
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  const pieces: Buffer[] = []
  let grpcStatus: unknown
  stream.on('error', fail)
  stream.on('response', (headers) => (grpcStatus = headers['grpc-status']))
  stream.on('trailers', (trailers) => (grpcStatus ??= trailers['grpc-status']))
  stream.on('data', (piece: Buffer) => {
    if (pieces.length < 16) pieces.push(piece)
  })
  stream.on('end', () => settle(resultOf(grpcStatus, Buffer.concat(pieces))))
  stream.end(emptyMessage)
  return () => {
    session.destroy()
    socket.destroy()
  }
}

/** The answer is a message with one field, the status: tag 0x08 and its number. */
const resultOf = (grpcStatus: unknown, message: Buffer): ProbeResult => {
  if (grpcStatus === statusUnimplemented) return { kind: 'ok' }
  if (grpcStatus !== statusOk) return { kind: 'http', detail: `gRPC status ${String(grpcStatus)}` }
  if (message[5] === 0x08 && message[6] === serving) return { kind: 'ok' }
  return { kind: 'http', detail: 'the gRPC health service says that it does not serve' }
}
