import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { AppError } from '../../kernel/errors.ts'

/** What a browser ties a passkey to: it is of use under this name alone. */
export type RelyingParty = { id: string; origins: string[] }

/** `socket`: what it came in by, here. */
type Asked = Pick<FastifyRequest, 'hostname' | 'host' | 'protocol'> & {
  socket: { localPort?: number | undefined }
}

/**
 * The name that the browser is at, which the host guard let in: the public one, or `localhost`.
 * WebAuthn knows no addresses, and a passkey knows no ports: what another server of the same name has
 * a person sign must not be taken here, so the origin is what is configured, or the port that is listened
 * on, and never what the request says. Throws AppError `factor_refused` that says which address to open.
 */
export const relyingPartyOf = (publicUrl: string, request: Asked): RelyingParty => {
  const open = new URL(publicUrl)
  const id = request.hostname.toLowerCase()
  const isNamed = !isAddress(open.hostname)
  if (isNamed && id === open.hostname) return { id, origins: [open.origin] }
  const here = (name: string): string =>
    new URL(`${request.protocol}://${name}:${request.socket.localPort ?? 0}`).origin
  const isKnown = id === 'localhost' || (!isNamed && !isAddress(id))
  const at = new URL(`${request.protocol}://${request.host}`).origin
  if (isKnown && at === here(id)) return { id, origins: [at] }
  const address = isNamed && id !== 'localhost' ? open.origin : here('localhost')
  const message = `Passkeys do not work at ${request.host}: open ${address}`
  throw new AppError('factor_refused', { message }, { hint: `Open ${address} in the browser.` })
}

const isAddress = (host: string): boolean => isIP(host.replaceAll(/[[\]]/g, '')) !== 0
