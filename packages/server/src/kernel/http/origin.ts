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

/** Where a request was sent to; `host` with its port. */
type SentTo = { host: string; protocol: string }

/**
 * Over https nobody on the way can be our own page; over http a proxy that says nothing of itself may
 * speak https to the browser.
 */
export const isOwnOrigin = ({ host, protocol }: SentTo, origin: string): boolean =>
  origin === `https://${host}` || (protocol === 'http' && origin === `http://${host}`)

/** Whether a method changes nothing. */
export const isSafe = (method: string): boolean =>
  method === 'GET' || method === 'HEAD' || method === 'OPTIONS'

/**
 * A page on another port of this host is the same site to the browser, so SameSite does not keep
 * it out: a change that a cookie vouches for must come from our own origin.
 */
export const refuseForeignOrigin = (request: FastifyRequest, actor: Actor): void => {
  if (isSafe(request.method) || actor.origin.provenBy === 'bearer') return
  const { origin } = request.headers
  if (origin === undefined || isOwnOrigin(request, origin)) return
  throw new AppError('origin_refused', {
    message: `A request from ${origin} may not change anything`,
  })
}
