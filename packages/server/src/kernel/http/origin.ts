import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { Actor } from '../actor.ts'
import { AppError } from '../errors.ts'

/** The guard against DNS rebinding; behind a trusted proxy it is the name that the proxy was asked for. */
export const refuseForeignHost = (request: FastifyRequest, hostNames: readonly string[]): void => {
  if (hostNames.includes(request.hostname.toLowerCase())) return
  throw new AppError('origin_refused', {
    message: `${request.hostname} is not a name this platform is reached by`,
  })
}

/** What a trusted proxy says is believed, so it must be something. Throws AppError `bad_request`. */
export const refuseUnclearProxy = ({ ip, protocol }: FastifyRequest): void => {
  if (isIP(ip.split('%', 1)[0] ?? '') === 0) {
    const message = 'x-forwarded-for of the proxy names no address'
    throw new AppError('bad_request', { message })
  }
  if (protocol === 'http' || protocol === 'https') return
  throw new AppError('bad_request', {
    message: 'x-forwarded-proto of the proxy is neither http nor https',
  })
}

/**
 * Over https nobody on the way can be our own page; over http a proxy that says nothing of itself may
 * speak https to the browser.
 */
export const isOwnOrigin = (request: FastifyRequest, origin: string): boolean =>
  origin === `https://${request.host}` ||
  (request.protocol === 'http' && origin === `http://${request.host}`)

/**
 * A page on another port of this host is the same site to the browser, so SameSite does not keep
 * it out: a change that a cookie vouches for must come from our own origin.
 */
export const refuseForeignOrigin = (request: FastifyRequest, actor: Actor): void => {
  const safe = request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS'
  if (safe || actor.origin.provenBy === 'bearer') return
  const { origin } = request.headers
  if (origin === undefined || isOwnOrigin(request, origin)) return
  throw new AppError('origin_refused', {
    message: `A request from ${origin} may not change anything`,
  })
}
