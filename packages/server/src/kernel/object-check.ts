import {
  gatewayObject,
  objectName,
  platformObject,
  stackObject,
  type Endpoint,
  type ObjectRef,
  type Permission,
} from '@keelson/contract'
import type { FastifyRequest } from 'fastify'
import assert from 'node:assert/strict'
import type { Actor } from './actor.ts'
import { AppError } from './errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    permission?: Permission
    /** What the permission is asked on; without it: the platform. */
    on?: Endpoint['on']
    /** Whether a person must have proved who they are a short time ago. */
    fresh?: true
  }
}

/**
 * The service that is meant among those that may be seen, as `<stack>/<service>`. Throws AppError
 * as for one that is not there, and when several are meant.
 */
export type FindService = (
  name: string,
  stack: string | undefined,
  isVisible: (service: ObjectRef) => boolean,
) => { id: string; object: ObjectRef }

/** What there is that requests are about. */
export type KnownObjects = { findService: FindService; hasStack: (name: string) => boolean }

/**
 * What a request is about, whoever asks: null for the platform, for what is not there, and for a name
 * that several services have.
 */
export const subjectOf = (
  request: FastifyRequest,
  { findService, hasStack }: KnownObjects,
): ObjectRef | null => {
  const { on } = request.routeOptions.config
  const { name, stack } = (request.params ?? {}) as { name?: unknown; stack?: unknown }
  if (on === 'gateway') return gatewayObject
  if (on === 'stack')
    return typeof stack === 'string' && hasStack(stack) ? stackObject(stack) : null
  if (on !== 'service' || typeof name !== 'string') return null
  const { stack: within } = request.query as { stack?: unknown }
  try {
    return findService(name, typeof within === 'string' ? within : undefined, () => true).object
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

/**
 * Asks the permission of a route on what the route is about, once that is known. What may not be
 * read is answered like what is not there (ADR 0022).
 */
export const createObjectCheck = (findService: () => FindService | undefined) => {
  /** From here on the name is the whole one: nobody has to choose among several again. */
  const checkService = (actor: Actor, permission: Permission, request: FastifyRequest): void => {
    const find = findService()
    assert(find !== undefined, 'routes about services need useServices')
    const params = request.params as { name: string }
    const { stack } = request.query as { stack?: unknown }
    let hidden: ObjectRef | null = null
    const isVisible = (service: ObjectRef): boolean => {
      const isSeen = actor.may('services:read', service) || actor.may(permission, service)
      if (!isSeen) hidden = service
      return isSeen
    }
    const service = orAsDenied(
      () => find(params.name, typeof stack === 'string' ? stack : undefined, isVisible),
      () => hidden && forbidden(permission, hidden),
    )
    if (!actor.may(permission, service.object)) throw forbidden(permission, service.object)
    params.name = service.id
  }

  return async (request: FastifyRequest, actor: Actor): Promise<void> => {
    const { permission, on } = request.routeOptions.config
    if (permission === undefined || on === 'listed') return
    if (on === 'service') return checkService(actor, permission, request)
    if (on === 'stack') {
      return checkStack(actor, permission, (request.params as { stack: string }).stack)
    }
    const object = on === 'gateway' ? gatewayObject : platformObject
    if (!actor.may(permission, object)) throw forbidden(permission, object)
  }
}

const checkStack = (actor: Actor, permission: Permission, name: string): void => {
  const object = stackObject(name)
  if (actor.may(permission, object)) return
  const denied = forbidden(permission, object)
  if (actor.may('stacks:read', object)) throw denied
  const message = `There is no stack ${name}`
  throw new AppError('stack_not_found', { message }, { cause: denied })
}

/** An error for what is hidden is that for what is not there; its cause tells the audit. */
const orAsDenied = <T>(find: () => T, denied: () => AppError | null): T => {
  try {
    return find()
  } catch (error) {
    const cause = denied()
    if (cause === null || !(error instanceof AppError)) throw error
    throw new AppError(error.code, { message: error.message }, { cause })
  }
}

/** `null`: on nothing at all. */
export const forbidden = (permission: Permission, object: ObjectRef | null): AppError => {
  const where = object === null ? '' : ` on ${objectName(object)}`
  return new AppError('forbidden', { message: `This takes the permission ${permission}${where}` })
}
