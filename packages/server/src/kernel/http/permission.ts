import assert from 'node:assert/strict'
import type { FastifyRequest, RouteOptions } from 'fastify'
import { can, isFresh, type Actor } from '../actor.ts'
import { AppError } from '../errors.ts'
import { forbidden } from '../object-check.ts'

/** A route without a permission is a programming mistake: the server must not start with it. */
export const refuseRouteWithoutPermission = (route: RouteOptions): void => {
  assert.ok(
    route.config?.permission !== undefined,
    `route ${String(route.method)} ${route.url} names no permission`,
  )
}

/** The page and the health of the process: they answer too while no session can be looked up. */
export const isForEverybody = ({ routeOptions }: FastifyRequest): boolean =>
  routeOptions.config.permission === 'public' && routeOptions.url?.startsWith('/api/') !== true

export const requirePermission = (request: FastifyRequest, actor: Actor): void => {
  const { permission } = request.routeOptions.config
  if (permission === undefined || can(actor, permission)) return // undefined: no such route
  if (actor.kind === 'anonymous') throw new AppError('unauthenticated')
  if (actor.factorNeeded) throw new AppError('factor_required')
  throw forbidden(permission, null)
}

/** ASVS 5.0 7.5.1. Programs and the machine's own command line cannot prove themselves again. */
export const requireFresh = (
  request: FastifyRequest,
  actor: Actor,
  { now, publicUrl }: { now: Date; publicUrl: string },
): void => {
  const { config, url = '' } = request.routeOptions
  if (config.fresh === undefined || actor.kind !== 'user') return
  if (isFresh(actor, now)) return
  if (actor.origin.provenBy === 'cookie') throw new AppError('reauthentication_required')
  const page = `${publicUrl}${pageOf(url)}`
  const message = `A program that acts for a person cannot do this: the person does it at ${page}`
  const hint = `Open ${page}; programs use a service account, and the machine itself its own command line (keelson logout).`
  throw new AppError('reauthentication_required', { message }, { hint })
}

/** Where people do what an endpoint does; the first that its path begins with. */
const pages: readonly [beginning: string, page: string][] = [
  ['account/tokens', '/account/tokens'],
  ['account/break-glass', '/access/emergency'],
  ['account', '/account/security'],
  ['device-requests', '/device'],
  ['users', '/access/users'],
  ['teams', '/access/teams'],
  ['roles', '/access/roles'],
  ['grants', '/access/grants'],
  ['service-accounts', '/access/service-accounts'],
  ['sign-in', '/access/sign-in'],
  ['providers', '/access/sign-in'],
]

const pageOf = (url: string): string =>
  pages.find(([beginning]) => url.startsWith(`/api/v1/${beginning}`))?.[1] ?? '/'

/** Whoever shows no credential at all has only not signed in yet. */
export const isDenial = (error: unknown, { headers }: FastifyRequest): error is AppError => {
  if (!(error instanceof AppError)) return false
  // What is hidden is answered like what is not there; its cause says so.
  if (error.cause instanceof AppError && error.cause.code === 'forbidden') return true
  if (['forbidden', 'origin_refused', 'factor_required'].includes(error.code)) return true
  return error.code === 'unauthenticated' && (headers.authorization ?? headers.cookie) !== undefined
}
