import { api, type Api, type CallOutput, type Endpoint, type EndpointName } from '@keelson/contract'
import cookie from '@fastify/cookie'
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteOptions,
} from 'fastify'
import type { Static, TSchema } from 'typebox'
import assert from 'node:assert/strict'
import { anonymous, can, type Actor } from './actor.ts'
import { AppError } from './errors.ts'
import type { Log } from './log.ts'
import { createObjectCheck, forbidden, type FindService } from './object-check.ts'
import { problemOf } from './problem.ts'
import { validatorCompiler } from './validation.ts'

type Given<N extends EndpointName, K extends string> =
  Api[N] extends Record<K, infer S extends TSchema> ? Static<S> : undefined

/** What a handler of the contract gets: validated input and who asks, nothing of the framework. */
export type Call<N extends EndpointName> = {
  actor: Actor
  params: Given<N, 'params'>
  query: Given<N, 'query'>
  body: Given<N, 'body'>
  request: FastifyRequest
  reply: FastifyReply
}

export type Http = {
  readonly app: FastifyInstance
  /** Serves one endpoint of the contract. */
  route<N extends EndpointName>(
    name: N,
    handle: (call: Call<N>) => Promise<CallOutput<N>> | CallOutput<N>,
  ): void
  /** Who sent this request; anonymous when nobody is signed in. */
  actorOf(request: FastifyRequest): Actor
  /** Who that is by now. Throws AppError `unauthenticated`, `database_unavailable`. */
  authenticate(request: FastifyRequest): Promise<Actor>
  /** Called when rights, sessions or tokens have become others. */
  onRightsChange(listener: () => void): { close(): void }
  /** Before any route that is about services: how they are found. */
  useServices(find: FindService): void
  listen(address: { host: string; port: number }): Promise<void>
  close(): Promise<void>
}

/** `endpoint` as in the contract, without what the request filled in: `POST /api/v1/…/:name`. */
export type Denied = { endpoint: string; reason: string }

type HttpDeps = {
  log: Log
  newId: () => string
  authenticate: (request: FastifyRequest) => Promise<Actor>
  /** Told of every request that is refused to somebody; the answer waits for it. */
  onDenied: (actor: Actor, denied: Denied) => Promise<void>
  /** Host names under which the platform may be called: the guard against DNS rebinding. */
  hostNames: readonly string[]
  /** How rights, sessions and tokens are told to have become others. */
  onRightsChange?: (listener: () => void) => void
}

// A stack of 60 services with its origins is below 1 MiB; a request is never buffered beyond this.
const bodyLimitBytes = 8 * 1024 * 1024
// Of a request from its first byte to its last; a handler may take as long as it needs.
const receiveTimeoutMs = 60_000

export const createHttp = async (deps: HttpDeps): Promise<Http> => {
  const { log, newId } = deps
  let findService: FindService | undefined
  const checkObject = createObjectCheck(() => findService)
  const followers = new Set<() => void>()
  deps.onRightsChange?.(() => followers.forEach((follower) => follower()))
  const actors = new WeakMap<FastifyRequest, Actor>()
  const actorOf = (request: FastifyRequest): Actor => actors.get(request) ?? anonymous

  const app = fastify({
    loggerInstance: silent,
    genReqId: (request) => inboundRequestId(request.headers['x-request-id']) ?? newId(),
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: true,
    requestTimeout: receiveTimeoutMs,
    routerOptions: { maxParamLength: 400 },
    // A path that cannot be decoded is refused before any hook of ours sees the request.
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id)
      sendProblem(log, actorOf, error, request, reply)
    },
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer))
  app.addHook('onRoute', refuseRouteWithoutPermission)
  await app.register(cookie) // before our own hook, which reads them
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    actors.set(request, strangerOf(request))
    refuseForeignHost(request, deps.hostNames)
    const actor = isForEverybody(request) ? anonymous : await deps.authenticate(request)
    actors.set(request, actor)
    refuseForeignOrigin(request, actor)
    requirePermission(request, actor)
  })
  // Once params are validated, and before anything is done.
  app.addHook('preHandler', (request) => checkObject(request, actorOf(request)))
  app.addHook('onResponse', async (request, reply) => {
    log.debug(
      {
        requestId: request.id,
        actor: actorOf(request).name,
        method: request.method,
        path: request.routeOptions.url ?? 'none',
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime),
      },
      'request answered',
    )
  })
  app.setErrorHandler(async (error, request, reply) => {
    if (isDenial(error, request)) {
      const endpoint = `${request.method} ${request.routeOptions.url ?? 'none'}`
      try {
        await deps.onDenied(actorOf(request), { endpoint, reason: error.message })
      } catch (cause) {
        log.error({ err: cause, endpoint }, 'a denial is not in the audit')
      }
    }
    return sendProblem(log, actorOf, error, request, reply)
  })
  app.setNotFoundHandler((request) => {
    throw new AppError('not_found', { message: `There is nothing at ${request.url.split('?')[0]}` })
  })

  return {
    ...{ app, actorOf, authenticate: deps.authenticate },
    onRightsChange: (listener) => {
      followers.add(listener)
      return { close: () => followers.delete(listener) }
    },
    useServices: (find) => void (findService = find),
    route: (name, handle) => {
      const endpoint: Endpoint = api[name]
      app.route({
        method: endpoint.method,
        url: endpoint.path,
        config: { permission: endpoint.permission, on: endpoint.on },
        schema: schemaOf(name),
        handler: async (request, reply) => {
          const answer = await handle({
            actor: actorOf(request),
            params: request.params,
            query: request.query,
            body: request.body,
            request,
            reply,
          } as Call<typeof name>)
          return answer === undefined ? reply.code(204).send() : answer
        },
      })
    },
    listen: (address) => listen(app, address),
    close: () => app.close(),
  }
}

/** What Fastify validates; the OpenAPI document is made from the same table. */
const schemaOf = (name: EndpointName): NonNullable<RouteOptions['schema']> => {
  const endpoint: Endpoint = api[name]
  return {
    ...(endpoint.params === undefined ? {} : { params: endpoint.params }),
    ...(endpoint.query === undefined ? {} : { querystring: endpoint.query }),
    ...(endpoint.body === undefined ? {} : { body: endpoint.body }),
  }
}

/** A route without a permission is a programming mistake: the server must not start with it. */
const refuseRouteWithoutPermission = (route: RouteOptions): void => {
  assert.ok(
    route.config?.permission !== undefined,
    `route ${String(route.method)} ${route.url} names no permission`,
  )
}

/** The page and the health of the process: they answer too while no session can be looked up. */
const isForEverybody = ({ routeOptions }: FastifyRequest): boolean =>
  routeOptions.config.permission === 'public' && routeOptions.url?.startsWith('/api/') !== true

const requirePermission = (request: FastifyRequest, actor: Actor): void => {
  const { permission } = request.routeOptions.config
  if (permission === undefined || can(actor, permission)) return // undefined: no such route
  if (actor.kind === 'anonymous') throw new AppError('unauthenticated')
  throw forbidden(permission, null)
}

/** Until it is known who it is. */
const strangerOf = (request: FastifyRequest): Actor => ({
  ...anonymous,
  origin: { ...anonymous.origin, requestId: request.id, address: request.ip, via: 'api' },
})

/** Whoever shows no credential at all has only not signed in yet. */
const isDenial = (error: unknown, { headers }: FastifyRequest): error is AppError => {
  if (!(error instanceof AppError)) return false
  // What is hidden is answered like what is not there; its cause says so.
  if (error.cause instanceof AppError && error.cause.code === 'forbidden') return true
  if (error.code === 'forbidden' || error.code === 'origin_refused') return true
  return error.code === 'unauthenticated' && (headers.authorization ?? headers.cookie) !== undefined
}

const refuseForeignHost = (request: FastifyRequest, hostNames: readonly string[]): void => {
  if (hostNames.includes(request.hostname.toLowerCase())) return
  throw new AppError('origin_refused', {
    message: `${request.hostname} is not a name this platform is reached by`,
  })
}

/**
 * A page on another port of this host is the same site to the browser, so SameSite does not keep
 * it out: a change that a cookie vouches for must come from our own origin.
 */
const refuseForeignOrigin = (request: FastifyRequest, actor: Actor): void => {
  const safe = request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS'
  if (safe || actor.origin.provenBy === 'bearer') return
  const { origin, host } = request.headers
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) return
  throw new AppError('origin_refused', {
    message: `A request from ${origin} may not change anything`,
  })
}

const inboundRequestId = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(value) ? value : undefined

const sendProblem = (
  log: Log,
  actorOf: (request: FastifyRequest) => Actor,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply => {
  const problem = problemOf(withLimit(error), {
    instance: request.url.split('?')[0] ?? '',
    id: request.id,
  })
  const facts = { requestId: request.id, actor: actorOf(request).name, code: problem.code }
  if (problem.status >= 500) log.error({ ...facts, err: error }, 'request failed')
  return reply
    .code(problem.status)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify(problem))
}

const withLimit = (error: unknown): unknown => {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  if (code !== 'FST_ERR_CTP_BODY_TOO_LARGE') return error
  const message = `The body is larger than ${bodyLimitBytes / 1024 / 1024} MiB`
  return new AppError('payload_too_large', { message }, { cause: error })
}

const listen = async (
  app: FastifyInstance,
  address: { host: string; port: number },
): Promise<void> => {
  try {
    await app.listen(address)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause
    const message = `Port ${address.port} on ${address.host} is in use`
    throw new AppError('port_taken', { message, port: address.port }, { cause })
  }
}

/** Fastify's own logging is off: each request is one line of ours, with our names. */
const silent: FastifyBaseLogger = {
  level: 'silent',
  fatal: () => {},
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
  trace: () => {},
  silent: () => {},
  child: () => silent,
}
