import {
  api,
  type Api,
  type CallOutput,
  type Endpoint,
  type EndpointName,
  type ObjectRef,
} from '@keelson/contract'
import cookie from '@fastify/cookie'
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteOptions,
} from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { Socket } from 'node:net'
import { anonymous, type Actor } from './actor.ts'
import type { Clock } from './clock.ts'
import { AppError } from './errors.ts'
import { boundConnections, loopbackRanges } from './http/connections.ts'
import { guardAnswer } from './http/headers.ts'
import { listenError, type Address } from './http/listener.ts'
import { refuseAmbiguous, takeJsonBodies } from './http/json-body.ts'
import {
  isSafe,
  refuseForeignHost,
  refuseForeignOrigin,
  refuseUnclearProxy,
} from './http/origin.ts'
import { refuseUnstorable } from './http/plain-text.ts'
import { silent } from './http/silent.ts'
import { refuseUnread } from './http/unread.ts'
import {
  isDenial,
  isForEverybody,
  refuseRouteWithoutPermission,
  requireFresh,
  requirePermission,
} from './http/permission.ts'
import type { Log } from './log.ts'
import {
  createObjectCheck,
  subjectOf,
  type FindService,
  type KnownObjects,
} from './object-check.ts'
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
  useServices(find: FindService, hasStack?: (stack: string) => boolean): void
  /** Where the command line of this machine finds the platform; others come by what is opened. */
  listen(address: Address): Promise<void>
  /** Serves a connection that came in elsewhere, such as over TLS. */
  takeConnection: (socket: Socket) => void
  close(): Promise<void>
}

/** `endpoint` as in the contract, without what the request filled in: `POST /api/v1/…/:name`. */
export type Denied = {
  endpoint: string
  reason: string
  /** What was asked for, where it is there; also when it was refused before that was looked at. */
  object: ObjectRef | null
}

type HttpDeps = {
  log: Log
  clock: Clock
  newId: () => string
  authenticate: (request: FastifyRequest) => Promise<Actor>
  /** Told of every request that is refused to somebody; the answer waits for it. */
  onDenied: (actor: Actor, denied: Denied) => Promise<void>
  /** Host names under which the platform may be called: the guard against DNS rebinding. */
  hostNames: readonly string[]
  /** Where people reach the page, for what tells them to open it; without: a path is told. */
  publicUrl?: string
  /** Addresses and CIDR ranges whose x-forwarded-for, -proto and -host are believed. */
  trustedProxies?: readonly string[]
  /** How rights, sessions and tokens are told to have become others. */
  onRightsChange?: (listener: () => void) => void
}

/** Unless the contract says more: strangers may send this much, and it is held until it is all there. */
const bodyMaxBytes = 64 * 1024
const headTimeoutMs = 15_000
// Of a request from its first byte to its last; a handler may take as long as it needs.
const receiveTimeoutMs = 60_000
/** How often connections are looked through for those that take longer than that. */
const slownessCheckMs = 5_000

export const createHttp = async (deps: HttpDeps): Promise<Http> => {
  const { log, newId, trustedProxies = [] } = deps
  let known: KnownObjects | undefined
  const checkObject = createObjectCheck(() => known?.findService)
  const followers = new Set<() => void>()
  deps.onRightsChange?.(() => followers.forEach((follower) => follower()))
  const actors = new WeakMap<FastifyRequest, Actor>()
  const actorOf = (request: FastifyRequest): Actor => actors.get(request) ?? anonymous

  /** Who asks must be known, may ask this at all, and be there in person where that is wanted. */
  const admit = async (request: FastifyRequest): Promise<void> => {
    const actor = isForEverybody(request) ? anonymous : await deps.authenticate(request)
    actors.set(request, actor)
    refuseForeignOrigin(request, actor)
    requirePermission(request, actor)
    requireFresh(request, actor, { now: deps.clock.now(), publicUrl: deps.publicUrl ?? '' })
  }

  const app = fastify({
    loggerInstance: silent,
    genReqId: (request) => inboundRequestId(request.headers['x-request-id']) ?? newId(),
    bodyLimit: bodyMaxBytes,
    forceCloseConnections: true,
    requestTimeout: receiveTimeoutMs,
    http: { headersTimeout: headTimeoutMs, connectionsCheckingInterval: slownessCheckMs },
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    routerOptions: { maxParamLength: 400 },
    clientErrorHandler: (error, socket) => refuseUnread(error, socket, newId()),
    // A path that cannot be decoded is refused before any hook of ours sees the request.
    frameworkErrors: (error, request, reply) => {
      guardAnswer(request, reply)
      sendProblem(log, actorOf, error, request, reply)
    },
  })
  boundConnections(app.server, { shared: [...loopbackRanges, ...trustedProxies] })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer))
  app.addHook('onRoute', refuseRouteWithoutPermission)
  takeJsonBodies(app)
  await app.register(cookie) // before our own hook, which reads them
  app.addHook('onRequest', async (request, reply) => {
    guardAnswer(request, reply)
    actors.set(request, strangerOf(request))
    refuseAmbiguous(request)
    refuseUnclearProxy(request)
    refuseForeignHost(request, deps.hostNames)
    await admit(request)
  })
  app.addHook('preValidation', async (request) => {
    refuseUnstorable(request)
    // Its body may have taken a minute, and the session or token may have ended by then.
    if (!isSafe(request.method)) await admit(request)
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
        const object = known === undefined ? null : subjectOf(request, known)
        await deps.onDenied(actorOf(request), { endpoint, reason: error.message, object })
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
    useServices: (findService, hasStack = () => false) => void (known = { findService, hasStack }),
    route: (name, handle) => {
      const endpoint: Endpoint = api[name]
      app.route({
        method: endpoint.method,
        url: endpoint.path,
        config: {
          ...{ permission: endpoint.permission, on: endpoint.on },
          ...(endpoint.fresh === undefined ? {} : { fresh: endpoint.fresh }),
        },
        schema: schemaOf(name),
        ...(endpoint.bodyMax === undefined ? {} : { bodyLimit: endpoint.bodyMax }),
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
    takeConnection: (socket) => void app.server.emit('connection', socket),
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

/** Until it is known who it is. */
const strangerOf = (request: FastifyRequest): Actor => ({
  ...anonymous,
  origin: { ...anonymous.origin, requestId: request.id, address: request.ip, via: 'api' },
})

const inboundRequestId = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(value) ? value : undefined

const sendProblem = (
  log: Log,
  actorOf: (request: FastifyRequest) => Actor,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply => {
  const problem = problemOf(withLimit(error, request), {
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

const withLimit = (error: unknown, { routeOptions }: FastifyRequest): unknown => {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  if (code !== 'FST_ERR_CTP_BODY_TOO_LARGE') return error
  const message = `The body is larger than ${routeOptions.bodyLimit / 1024} KiB`
  return new AppError('payload_too_large', { message }, { cause: error })
}

const listen = async (app: FastifyInstance, address: Address): Promise<void> => {
  try {
    await app.listen(address)
  } catch (cause) {
    throw listenError(cause, address)
  }
}
