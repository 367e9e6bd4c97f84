import { createHash, randomBytes } from 'node:crypto'
import type { Static } from 'typebox'
import { OutgoingError } from '../../../kernel/outgoing/index.ts'
import type { PluginExchange, PluginHost } from '../plugin.ts'
import { parameterValues } from '../query.ts'
import { redirectUriOf, returnPath } from './addresses.ts'
import {
  claimsOf,
  loginSeconds,
  type BrowserCookies,
  type LoginSession,
} from './browser-cookies.ts'
import type { EndedSessions } from './ended-sessions.ts'
import { takeLogout } from './back-channel.ts'
import type { Provider, Tokens } from './provider.ts'
import { createRenewals, type Renewal } from './renewals.ts'
import type { oidcSchema } from './schema.ts'
import { TokensRefused } from './token-checks.ts'

type OidcConfig = Static<typeof oidcSchema>

/** What there was of a login in a request; null when nobody is logged in. */
export type LoginOutcome = { kind: 'session'; session: LoginSession } | { kind: 'answered' }

/** Logins of browsers: their beginning, their end, and all requests between. */
export type Logins = {
  /** Sends the browser to the provider. */
  begin(exchange: PluginExchange): Promise<void>
  /** Takes browsers back, ends sessions, and finds those that go on. */
  resume(exchange: PluginExchange): Promise<LoginOutcome | null>
}

/** A busy session does not get a new cookie more often. */
const touchEverySeconds = 60

type LoginsDeps = {
  provider: Provider
  cookies: BrowserCookies
  ended: EndedSessions
  host: PluginHost
}

export const createLogins = (
  config: OidcConfig,
  { provider, cookies, ended, host }: LoginsDeps,
): Logins => {
  const renewals = createRenewals<LoginSession>(host.clock)
  const takesLogouts = config.backchannel_logout_path !== null
  const nowSeconds = (): number => Math.floor(host.clock.now().getTime() / 1000)
  const isSecure = ({ request }: PluginExchange): boolean =>
    config.cookie_secure ?? request.scheme === 'https'

  const begin = async (exchange: PluginExchange): Promise<void> => {
    const login = {
      state: randomBytes(24).toString('base64url'),
      nonce: randomBytes(24).toString('base64url'),
      verifier: randomBytes(32).toString('base64url'),
      returnTo: returnPath(exchange.request),
      redirectUri: redirectUriOf(exchange.request, config),
      expires: nowSeconds() + loginSeconds,
    }
    const challenge = createHash('sha256').update(login.verifier).digest('base64url')
    const url = await provider.loginUrl({ ...login, challenge })
    await cookies.writeLogin(
      login,
      exchange.request.cookies,
      exchange.answerHeaders,
      isSecure(exchange),
    )
    redirect(exchange, url)
  }

  const end = async (exchange: PluginExchange): Promise<void> => {
    const session = await cookies.readSession(exchange.request.cookies)
    cookies.dropSession(exchange.request.cookies, exchange.answerHeaders, isSecure(exchange))
    // Without a provider the session here ends all the same.
    const url = await provider.logoutUrl(session?.idToken ?? null).catch(() => null)
    const target = url ?? config.post_logout_redirect_uri
    if (target === null) exchange.respond({ status: 200, body: 'You are logged out.\n' })
    else redirect(exchange, target)
  }

  /** The provider sent the browser back, with a code or with why there is none. */
  const takeBack = async (exchange: PluginExchange): Promise<void> => {
    const { query, cookies: sent } = exchange.request
    const state = parameterValues(query, 'state')[0] ?? ''
    const code = parameterValues(query, 'code')[0]
    const issuer = parameterValues(query, 'iss')[0] ?? config.issuer
    const login = state === '' ? null : await cookies.readLogin(sent, state)
    // A code that this browser did not ask for may be somebody else's: their session, not its own.
    if (login === null || login.expires < nowSeconds()) {
      return exchange.refuse(400, 'This login is not known here or took too long; start again')
    }
    cookies.dropLogin(state, exchange.answerHeaders, isSecure(exchange))
    // Another provider's code must not be taken to ours (RFC 9207 2.4).
    if (code === undefined || issuer !== config.issuer) {
      return exchange.refuse(401, 'The identity provider refused the login')
    }
    const tokens = await provider.redeem(code, login.verifier, login.redirectUri)
    const session = await sessionOf(tokens, login.nonce, nowSeconds())
    if (!(await write(exchange, session))) {
      return exchange.refuse(500, 'The tokens of the identity provider do not fit into cookies')
    }
    return redirect(exchange, login.returnTo)
  }

  const sessionOf = async (tokens: Tokens, nonce: string, now: number): Promise<LoginSession> => {
    if (tokens.id_token === undefined) throw new TokensRefused('no ID token')
    await provider.readIdToken(tokens.id_token, { nonce, accessToken: tokens.access_token })
    return { ...fieldsOf(tokens, now), idToken: tokens.id_token, created: now, used: now }
  }

  const fieldsOf = (tokens: Tokens, now: number) => ({
    accessToken: config.forward_access_token ? tokens.access_token : null,
    refreshToken: tokens.refresh_token ?? null,
    expires: tokens.expires_in === undefined ? null : now + tokens.expires_in,
  })

  /** A renewal may bring a new ID token, of nobody else (OpenID Connect Core 1.0, 12.2). */
  const isSamePerson = async (session: LoginSession, tokens: Tokens): Promise<boolean> => {
    if (tokens.id_token === undefined) return true
    const facts = { nonce: null, accessToken: tokens.access_token }
    const claims = await provider.readIdToken(tokens.id_token, facts)
    return claims.sub === claimsOf(session).sub
  }

  const renew = async (
    session: LoginSession,
    refreshToken: string,
  ): Promise<Renewal<LoginSession>> => {
    try {
      const tokens = await provider.refresh(refreshToken)
      if (!(await isSamePerson(session, tokens))) return { ended: true }
      const now = nowSeconds()
      const fields = fieldsOf(tokens, now)
      return {
        renewed: {
          ...session,
          ...fields,
          refreshToken: fields.refreshToken ?? refreshToken,
          idToken: tokens.id_token ?? session.idToken,
          used: now,
        },
      }
    } catch (error) {
      if (!(error instanceof OutgoingError)) return { ended: true }
      host.log.warn({ error: error.message }, 'a session of oidc could not be renewed')
      return { away: true }
    }
  }

  /** The session as it goes on from here; null when it has ended. */
  const current = async (
    exchange: PluginExchange,
    session: LoginSession,
  ): Promise<LoginSession | null> => {
    const now = nowSeconds()
    if (now - session.created >= config.session_absolute) return null
    if (config.session_idle > 0 && now - session.used >= config.session_idle) return null
    if (takesLogouts && (await ended.has(claimsOf(session), session.created))) return null
    if (session.expires !== null && session.expires <= now && session.refreshToken !== null) {
      const { refreshToken } = session
      const outcome = await renewals.of(refreshToken, () => renew(session, refreshToken))
      if ('ended' in outcome) return null
      if ('renewed' in outcome) {
        await write(exchange, outcome.renewed)
        return outcome.renewed
      }
      // While the provider is away people go on, up to the limits above.
    }
    if (now - session.used < Math.min(touchEverySeconds, config.session_idle / 4)) return session
    const touched = { ...session, used: now }
    await write(exchange, touched)
    return touched
  }

  const write = (exchange: PluginExchange, session: LoginSession): Promise<boolean> =>
    cookies.writeSession(
      session,
      exchange.request.cookies,
      exchange.answerHeaders,
      isSecure(exchange),
    )

  return {
    begin,
    resume: async (exchange) => {
      const { path, cookies: sent } = exchange.request
      if (path === config.redirect_path) return answered(takeBack(exchange))
      if (path === config.logout_path) return answered(end(exchange))
      if (path === config.backchannel_logout_path) {
        return answered(takeLogout(exchange, { provider, ended, log: host.log }))
      }
      if (!cookies.hasSession(sent)) return null
      const stored = await cookies.readSession(sent)
      const session = stored === null ? null : await current(exchange, stored)
      if (session !== null) return { kind: 'session', session }
      cookies.dropSession(sent, exchange.answerHeaders, isSecure(exchange))
      return null
    },
  }
}

const answered = async (answer: Promise<void>): Promise<LoginOutcome> => {
  await answer
  return { kind: 'answered' }
}

const redirect = (exchange: PluginExchange, location: string): void =>
  exchange.respond({
    status: 302,
    headers: ['Location', location, 'Cache-Control', 'no-store'],
    body: null,
  })
