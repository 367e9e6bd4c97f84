import { isIP } from 'node:net'
import { fetchOutgoing } from '../../../kernel/outgoing/index.ts'
import { AcmeError, type Send } from './transport.ts'

const timeoutMs = 30_000
/** A certificate with its chain is some 10 kB. */
const maxBytes = 1024 * 1024

/**
 * Asks an ACME server. It may be one of a private network, since whoever configures it could as well
 * route there; without TLS only on the same machine (RFC 8555 6.1).
 */
export const sendAcme: Send = async (url, { method, body }) => {
  const policy = { allowHttp: isLoopback(url), allowInternal: true, timeoutMs, maxBytes }
  const headers = { 'content-type': 'application/jose+json', 'user-agent': 'Keelson' }
  const ask = { method, headers, ...(body === undefined ? {} : { body }) }
  const answer = await fetchOutgoing(url, policy, ask).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new AcmeError(`The ACME server cannot be asked: ${reason}`, null)
  })
  return {
    status: answer.status,
    headers: Object.fromEntries(
      Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
    ),
    text: answer.body.toString(),
  }
}

const isLoopback = (url: string): boolean => {
  const { hostname } = new URL(url)
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    (isIP(hostname) === 4 && hostname.startsWith('127.'))
  )
}
