import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import type { JWTPayload } from 'jose'
import type { Clock } from '../../../kernel/clock.ts'
import {
  discoverIssuer,
  fetchOutgoing,
  OutgoingError,
  publishedKeys,
  type IssuerMetadata,
  type OutgoingPolicy,
} from '../../../kernel/outgoing/index.ts'
import { refreshed } from '../../../kernel/outgoing/refreshed.ts'
import { createIntrospection, isOpaque } from './introspection.ts'
import type { oidcSchema } from './schema.ts'
import {
  checkIdToken,
  checkIntrospection,
  checkLogoutToken,
  refuseLogoutToken,
  TokensRefused,
  type IdTokenFacts,
  type Logout,
} from './token-checks.ts'

type OidcConfig = Static<typeof oidcSchema>

const tokensSchema = Type.Object({
  access_token: Type.String(),
  id_token: Type.Optional(Type.String()),
  refresh_token: Type.Optional(Type.String()),
  expires_in: Type.Optional(Type.Number()),
})

/** What the token endpoint gives (RFC 6749 5.1). */
export type Tokens = Static<typeof tokensSchema>

/** The identity provider, as its client sees it. */
export type Provider = {
  /** Where a browser goes to log in. */
  loginUrl(login: LoginAsk): Promise<string>
  /** Where it goes to log out; null when the provider has no such page. */
  logoutUrl(idToken: string | null): Promise<string | null>
  redeem(code: string, verifier: string, redirectUri: string): Promise<Tokens>
  refresh(refreshToken: string): Promise<Tokens>
  /** Claims of an ID token, which is for this client and belongs to this login. */
  readIdToken(token: string, facts: Omit<IdTokenFacts, 'clientId'>): Promise<JWTPayload>
  /** Whose sessions end by a logout token, which is for this client. */
  readLogoutToken(token: string): Promise<Logout>
  /** Claims of a bearer token. */
  readBearer(token: string): Promise<JWTPayload>
}

export type LoginAsk = { redirectUri: string; state: string; nonce: string; challenge: string }

/** Tokens with many groups have tens of kilobytes. */
const maxBytes = 256 * 1024
const discoveryCooldownMs = 30_000

export const createProvider = (config: OidcConfig, clock: Clock): Provider => {
  const { client_id, issuer, clock_skew: clockSkew, algorithms } = config
  const policy: OutgoingPolicy = {
    allowHttp: config.allow_http,
    allowInternal: config.allow_internal,
    timeoutMs: config.timeout_ms,
    maxBytes,
  }
  const ttlMs = config.keys_ttl * 1000
  const metadata = refreshed(() => discoverIssuer(issuer, policy), {
    clock,
    ttlMs,
    cooldownMs: discoveryCooldownMs,
  })
  const uri = async () => (await metadata.get()).jwks_uri
  const keys = publishedKeys({ uri, policy, clock, ttlMs })

  const nowSeconds = (): number => Math.floor(clock.now().getTime() / 1000)

  /** Asks as this client. */
  const post = async (name: EndpointName, parameters: Record<string, string>) => {
    const url = endpoint(await metadata.get(), name)
    const { headers, body } = clientRequest(config, parameters)
    return { url, ...(await fetchOutgoing(url, policy, { method: 'POST', headers, body })) }
  }

  const askForTokens = async (parameters: Record<string, string>): Promise<Tokens> => {
    const { url, ...answer } = await post('token_endpoint', parameters)
    // 400 and 401 speak of the grant or of us (RFC 6749 5.2); the rest is trouble of the provider.
    if (answer.status === 400 || answer.status === 401) {
      throw new TokensRefused(errorCodeOf(answer.body))
    }
    const tokens = answer.status === 200 ? parsedTokens(answer.body) : null
    if (tokens === null) {
      throw new OutgoingError('unreachable', `${url} answered ${answer.status}`)
    }
    return tokens
  }

  const audience = config.audience.length === 0 ? [client_id] : config.audience

  const askAbout = async (token: string): Promise<JWTPayload> => {
    const parameters = { token, token_type_hint: 'access_token' }
    const { url, status, body } = await post('introspection_endpoint', parameters)
    if (status !== 200) throw new OutgoingError('unreachable', `${url} answered ${status}`)
    const ours = { issuer, audience: config.audience, clientId: client_id }
    const expected = { ...ours, now: nowSeconds(), clockSkew }
    return checkIntrospection(jsonOf(body), expected)
  }
  const introspect = createIntrospection(askAbout, {
    clock,
    ttlMs: config.introspection_ttl * 1000,
  })
  /** Of a token for this client. */
  const verifyOwn = (token: string): Promise<JWTPayload> =>
    keys.verify(token, { issuer, audience: [client_id], algorithms, clockSkew })

  return {
    loginUrl: async ({ redirectUri, state, nonce, challenge }) => {
      const url = new URL(endpoint(await metadata.get(), 'authorization_endpoint'))
      const parameters = {
        response_type: 'code',
        client_id,
        redirect_uri: redirectUri,
        scope: config.scopes.join(' '),
        state,
        nonce,
        code_challenge: challenge,
        code_challenge_method: 'S256',
      }
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
      return url.href
    },
    logoutUrl: async (idToken) => {
      const { end_session_endpoint } = await metadata.get()
      if (end_session_endpoint === undefined) return null
      const url = new URL(end_session_endpoint)
      url.searchParams.set('client_id', client_id)
      if (idToken !== null) url.searchParams.set('id_token_hint', idToken)
      if (config.post_logout_redirect_uri !== null) {
        url.searchParams.set('post_logout_redirect_uri', config.post_logout_redirect_uri)
      }
      return url.href
    },
    redeem: (code, verifier, redirectUri) =>
      askForTokens({
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        redirect_uri: redirectUri,
      }),
    refresh: (refreshToken) =>
      askForTokens({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    readIdToken: async (token, facts) => {
      const claims = await verifyOwn(token)
      checkIdToken(token, claims, { ...facts, clientId: client_id })
      return claims
    },
    readLogoutToken: async (token) =>
      checkLogoutToken(token, await verifyOwn(token), { now: nowSeconds(), clockSkew }),
    readBearer: async (token) => {
      if (config.introspection && isOpaque(token)) return introspect(token)
      const claims = await keys.verify(token, { issuer, audience, algorithms, clockSkew })
      refuseLogoutToken(claims)
      return claims
    },
  }
}

type EndpointName = 'authorization_endpoint' | 'token_endpoint' | 'introspection_endpoint'

const endpoint = (metadata: IssuerMetadata, name: EndpointName): string => {
  const url = metadata[name]
  if (url === undefined) throw new OutgoingError('unreachable', `the issuer has no ${name}`)
  return url
}

/** A form with the client's credentials where it wants them (RFC 6749 2.3.1). */
const clientRequest = (
  { client_id, client_secret, client_auth }: OidcConfig,
  parameters: Record<string, string>,
): { headers: Record<string, string>; body: string } => {
  const form = new URLSearchParams(parameters)
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' }
  if (client_secret !== null && client_auth === 'client_secret_basic') {
    const pair = `${encodeURIComponent(client_id)}:${encodeURIComponent(client_secret)}`
    headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`
  } else {
    form.set('client_id', client_id)
    if (client_secret !== null) form.set('client_secret', client_secret)
  }
  return { headers, body: form.toString() }
}

const parsedTokens = (body: Buffer): Tokens | null => {
  const value = jsonOf(body)
  return Value.Check(tokensSchema, value) ? value : null
}

/** `invalid_grant` and the like; for the log. */
const errorCodeOf = (body: Buffer): string => {
  const value = jsonOf(body)
  return typeof value === 'object' && value !== null && 'error' in value
    ? String(value.error).slice(0, 100)
    : 'refused'
}

/** Undefined when it is no JSON. */
const jsonOf = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
