import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { AppError } from '../../kernel/errors.ts'

/** What a browser ties a passkey to: it is of use under this name alone. */
export type RelyingParty = { id: string; origins: string[] }

type Asked = Pick<FastifyRequest, 'hostname' | 'host' | 'port' | 'protocol'>

/**
 * The name that the browser is at, which the host guard let in: the public one, or `localhost`.
 * WebAuthn knows no addresses. Throws AppError `factor_refused` that says which address to open.
 */
export const relyingPartyOf = (publicUrl: string, request: Asked): RelyingParty => {
  const open = new URL(publicUrl)
  const id = request.hostname.toLowerCase()
  const own = `${request.protocol}://${request.host}`
  if (id === open.hostname && !isAddress(id)) return { id, origins: [own, open.origin] }
  if (id === 'localhost') return { id, origins: [own] }
  if (!isAddress(id) && isAddress(open.hostname)) return { id, origins: [own] }
  const port = request.port ?? null
  const local = `http://localhost${port === null ? '' : `:${port}`}`
  const address = isAddress(open.hostname) ? local : open.origin
  const message = `Passkeys do not work at ${id}: open ${address}`
  throw new AppError('factor_refused', { message }, { hint: `Open ${address} in the browser.` })
}

const isAddress = (host: string): boolean => isIP(host.replaceAll(/[[\]]/g, '')) !== 0
