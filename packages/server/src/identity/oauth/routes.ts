import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { DeviceRequest } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Http } from '../../kernel/http.ts'
import type { Log } from '../../kernel/log.ts'
import { deviceOf } from '../sessions/device.ts'
import type { Caller } from './actors.ts'
import type { DeviceRow } from './device-store.ts'
import { clientCredentialsIn, clientIn, getParameter, parseForm, scopesIn } from './form.ts'
import { paths } from './metadata.ts'
import type { OAuth } from './oauth.ts'
import { OAuthError } from './oauth-error.ts'

type Deps = { http: Http; log: Log; oauth: OAuth }

const bodyLimitBytes = 8 * 1024
const isPublic = { config: { permission: 'public' } } as const
/** Whoever verifies our tokens looks for a new key this often, at least. */
const keptSeconds = 300

/** What speaks OAuth stands beside the contract; people decide by endpoints of the contract. */
export const oauthRoutes = ({ http, log, oauth }: Deps): void => {
  wellKnown(http, oauth)
  // Their own kind of body and their own kind of error, for these routes alone.
  void http.app.register(async (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: bodyLimitBytes },
      (_request, body, done) => done(null, body),
    )
    app.setErrorHandler(async (error, request, reply) => answerError(log, error, request, reply))
    tokenRoutes(app, oauth)
  })
  accountRoutes(http, oauth)
}

/** For programs on other origins too: there is nothing in it that is not for everybody. */
const wellKnown = ({ app }: Http, oauth: OAuth): void => {
  const told = (reply: FastifyReply, what: object): FastifyReply =>
    reply
      .header('cache-control', `public, max-age=${keptSeconds}`)
      .header('access-control-allow-origin', '*')
      .send(what)
  app.get(paths.jwks, isPublic, (_request, reply) => told(reply, oauth.keys.published()))
  app.get(paths.metadata, isPublic, (_request, reply) => told(reply, oauth.metadata()))
}

const tokenRoutes = (app: FastifyInstance, oauth: OAuth): void => {
  app.post(paths.token, isPublic, async (request, reply) => {
    const form = parseForm(request.body)
    const credentials = clientCredentialsIn(request.headers.authorization, form)
    return unkept(reply).send(await oauth.grant({ form, credentials, caller: callerOf(request) }))
  })
  app.post(paths.device, isPublic, async (request, reply) => {
    const form = parseForm(request.body)
    const asked = { client: clientIn(form), scopes: scopesIn(form) }
    return unkept(reply).send(await oauth.devices.ask(asked, callerOf(request)))
  })
  app.post(paths.revoke, isPublic, async (request, reply) => {
    const form = parseForm(request.body)
    await oauth.revoke(getParameter(form, 'token'), callerOf(request))
    return unkept(reply).send({})
  })
}

const accountRoutes = (http: Http, { devices, clients }: OAuth): void => {
  http.route('readDeviceRequest', async ({ actor, body }) =>
    describeDevice(await devices.read(actor, body.userCode)),
  )
  http.route('decideDeviceRequest', ({ actor, body }) =>
    devices.decide(actor, body.userCode, body.approve),
  )
  http.route('listOwnClients', async ({ actor }) => {
    refuseWithoutAccount(actor)
    return { items: await clients.list(actor), nextCursor: null }
  })
  http.route('revokeOwnClient', ({ actor, params }) => {
    refuseWithoutAccount(actor)
    return clients.revoke(actor, params.client)
  })
}

const refuseWithoutAccount = (actor: Actor): void => {
  if (actor.kind === 'user') return
  throw new AppError('forbidden', { message: `${actor.name} has no account: sign in as a user` })
}

const userAgentMax = 300

const callerOf = (request: FastifyRequest): Caller => ({
  seen: { requestId: request.id, address: request.ip },
  userAgent: request.headers['user-agent']?.slice(0, userAgentMax) ?? null,
})

/** RFC 6749 5.1. */
const unkept = (reply: FastifyReply): FastifyReply =>
  reply.header('cache-control', 'no-store').header('pragma', 'no-cache')

/** Who may not ask at all is refused like everywhere; the rest is said as RFC 6749 5.2 wants it. */
const answerError = (
  log: Log,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply => {
  const said = asOAuthError(error)
  if (said === null) throw error
  if (said.status === 500) log.error({ requestId: request.id, err: error }, 'request failed')
  if (said.code === 'invalid_client' && request.headers.authorization !== undefined) {
    reply.header('www-authenticate', 'Basic realm="keelson"')
  }
  return unkept(reply).code(said.status).send({ error: said.code, error_description: said.message })
}

const asOAuthError = (error: unknown): OAuthError | null => {
  if (error instanceof OAuthError) return error
  if (error instanceof AppError) {
    const isAway = error.code === 'database_unavailable'
    return isAway ? new OAuthError('temporarily_unavailable', error.message) : null
  }
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' && code.startsWith('FST_')) {
    return new OAuthError('invalid_request', (error as Error).message)
  }
  return new OAuthError('server_error', 'Keelson failed to answer')
}

const describeDevice = (row: DeviceRow): DeviceRequest => ({
  ...{ client: row.client, scopes: row.scopes, address: row.address },
  device: deviceOf(row.user_agent),
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
})
