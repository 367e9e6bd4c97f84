import { once } from 'node:events'
import { connect, type ConnectionOptions, type PeerCertificate, type TLSSocket } from 'node:tls'

/** A connection whose handshake is over; rejects when it fails. */
export const shake = async (port: number, options: ConnectionOptions = {}): Promise<TLSSocket> => {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  await once(socket, 'secureConnect')
  socket.on('error', () => {})
  return socket
}

/** The first name of the certificate that is shown. */
export const shownTo = async (port: number, options: ConnectionOptions = {}): Promise<string> => {
  const socket = await shake(port, options)
  const { subject }: PeerCertificate = socket.getPeerCertificate()
  socket.destroy()
  return String(subject.CN)
}

/** Sends a GET and gives all that comes back until the end. */
export const getOver = async (socket: TLSSocket, path = '/', host = 'a.test'): Promise<string> => {
  let heard = ''
  socket.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')))
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  await once(socket, 'close')
  return heard
}
