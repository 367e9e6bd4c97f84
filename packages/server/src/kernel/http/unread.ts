import type { Socket } from 'node:net'
import { AppError } from '../errors.ts'
import { problemOf } from '../problem.ts'

const reasons: Record<string, { message: string; status: number }> = {
  HPE_HEADER_OVERFLOW: {
    message: 'Address and headers of the request are larger than 16 KiB',
    status: 431,
  },
  ERR_HTTP_REQUEST_TIMEOUT: { message: 'The request did not arrive in time', status: 408 },
}
const malformed = { message: 'This is no HTTP request', status: 400 }

/** Answers what no hook gets to see, because its head could not be read; the connection ends. */
export const refuseUnread = (
  error: NodeJS.ErrnoException,
  socket: Pick<Socket, 'destroyed' | 'writable' | 'bytesWritten' | 'end' | 'destroy'>,
  id: string,
): void => {
  // An answer that has begun cannot be followed by another.
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
  const { message, status } = reasons[error.code ?? ''] ?? malformed
  const problem = problemOf(new AppError('bad_request', { message }), { instance: '', id })
  const body = JSON.stringify({ ...problem, status })
  socket.end(
    [
      `HTTP/1.1 ${status} Refused`,
      'content-type: application/problem+json',
      'x-content-type-options: nosniff',
      'cache-control: no-store',
      'connection: close',
      `content-length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
}
