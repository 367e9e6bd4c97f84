import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Actor } from '../../kernel/actor.ts'
import { AppError, messageOf } from '../../kernel/errors.ts'
import type { Http } from '../../kernel/http.ts'
import type { Log } from '../../kernel/log.ts'
import { cookieNames } from '../../kernel/session-cookie.ts'
import { isAsked } from '../factors/second-step.ts'
import type { createEntry } from './entry.ts'
import type { createIdentities } from './identities.ts'
import { returnPathOf } from './return-path.ts'
import { tripLifeMs, type Trips } from './trips.ts'

type Deps = {
  http: Http
  log: Log
  publicUrl: string
  entry: ReturnType<typeof createEntry>
  identities: ReturnType<typeof createIdentities>
  trips: Trips
}

type ByProvider = FastifyRequest<{ Params: { provider: string }; Querystring: { to?: unknown } }>

const open = { config: { permission: 'public' } } as const
const parametersMax = 50

/**
 * Where browsers go: `/sign-in/<provider>` sends them there, and the provider sends them back. What goes
 * wrong is told by the page, by its code: nothing that comes from elsewhere is shown.
 */
export const mapBrowserRoutes = (deps: Deps): void => {
  const { http, publicUrl, entry, identities, trips } = deps
  const { host } = new URL(publicUrl)

  const callerOf = async (request: FastifyRequest) => ({
    actor: withoutBearer(await http.authenticate(request)),
    userAgent: request.headers['user-agent'] ?? null,
  })

  http.app.get('/sign-in/:provider', open, (request: ByProvider, reply) =>
    byPage(deps, reply, '/sign-in', async () => {
      const { provider } = request.params
      const to = returnPathOf(request.query.to)
      // The provider sends people back to one address, and the cookie has to be there.
      if (request.host !== host && !request.url.includes('?moved')) {
        const { id } = await entry.enabled(provider)
        return `${publicUrl}/sign-in/${id}?moved&to=${encodeURIComponent(to)}`
      }
      const { url, token } = await entry.begin(provider, to, await callerOf(request))
      keepTrip(request, reply, token)
      return url
    }),
  )

  http.app.get('/sign-in/:provider/callback', open, async (request: ByProvider, reply) => {
    const name = cookieNames(request.protocol === 'https').trip
    const token = request.cookies[name]
    const query = new URLSearchParams(request.url.split('?').slice(1).join('?'))
    reply.clearCookie(name, cookieOf(request))
    const isLink = query.has('state') && purposeIn(query, token) === 'provider_link'
    return byPage(deps, reply, isLink ? '/account/security' : '/sign-in', async () => {
      refuseRepeated(query)
      const purpose = trips.recognise(query.get('state') ?? '', token)
      const back = await trips.end(purpose, token ?? '', request.params.provider)
      const caller = await callerOf(request)
      if (purpose === 'provider_link') {
        const proved = await identities.prove(back, query, caller)
        return `${back.facts.to}#link=${encodeURIComponent(proved)}`
      }
      const answer = await entry.finish(back, query, caller)
      if (isAsked(answer)) return secondStepAt(answer.challenge, back.facts.to)
      const { session } = cookieNames(request.protocol === 'https')
      const strict: ReturnType<typeof cookieOf> = { ...cookieOf(request), sameSite: 'strict' }
      reply.setCookie(session, answer.token, { ...strict, expires: answer.expiresAt })
      return back.facts.to
    })
  })

  const purposeIn = (query: URLSearchParams, token: string | undefined) => {
    try {
      return trips.recognise(query.get('state') ?? '', token)
    } catch {
      return null
    }
  }
}

/** Behind the `#`, which no server is sent: the page asks for the second factor, and goes on from there. */
const secondStepAt = (challenge: string, to: string): string =>
  `/sign-in#${new URLSearchParams({ challenge, ...(to === '/' ? {} : { to }) })}`

/** Lax: the provider is another site, and the browser has to bring it back from there. */
const cookieOf = (
  request: FastifyRequest,
): NonNullable<Parameters<FastifyReply['setCookie']>[2]> => ({
  ...{ path: '/', httpOnly: true, sameSite: 'lax', secure: request.protocol === 'https' },
})

export const keepTrip = (request: FastifyRequest, reply: FastifyReply, token: string): void => {
  const { trip } = cookieNames(request.protocol === 'https')
  reply.setCookie(trip, token, { ...cookieOf(request), maxAge: tripLifeMs / 1000 })
}

/** Sends the browser on; what goes wrong becomes a code behind the `#` of a page. */
const byPage = async (
  { log }: Deps,
  reply: FastifyReply,
  page: '/sign-in' | '/account/security',
  work: () => Promise<string>,
): Promise<FastifyReply> => {
  try {
    return reply.redirect(await work(), 303)
  } catch (error) {
    const code = error instanceof AppError ? error.code : 'internal'
    const facts = { code, reason: messageOf(error) }
    if (code === 'internal') log.error({ ...facts, err: error }, 'sign-in by provider failed')
    else log.info(facts, 'sign-in by provider refused')
    return reply.redirect(`${page}#problem=${code}`, 303)
  }
}

/** Of two that differ, each part of a program could believe another one (RFC 6749 3.1). */
const refuseRepeated = (query: URLSearchParams): void => {
  const names = [...query.keys()]
  if (names.length <= parametersMax && new Set(names).size === names.length) return
  throw new AppError('bad_request', { message: 'The provider sent a parameter twice' })
}

/** A browser has none; the session that a link or a new sign-in is about is that of its cookie. */
const withoutBearer = (actor: Actor): Actor =>
  actor.origin.provenBy === 'bearer'
    ? { ...actor, origin: { ...actor.origin, credential: null } }
    : actor
