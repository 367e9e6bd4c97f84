import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose'

/** An OpenID provider for tests: everybody who comes to its login page is logged in at once. */
export type OidcProvider = {
  issuer: string
  clientId: string
  clientSecret: string
  /** Who the next person to log in is. */
  claims: JWTPayload
  /** Seconds for which access tokens are good. */
  expiresIn: number
  /** Requests by path. */
  readonly asked: ReadonlyMap<string, number>
  /** A signed token with these claims beside the usual ones. */
  sign(claims: JWTPayload, options?: SignOptions): Promise<string>
  /** What introspection says of opaque tokens, by token; of all others that they are not active. */
  readonly opaque: Map<string, JWTPayload>
  /** From now on signs by a new key, and publishes only that. */
  rotateKeys(): Promise<void>
  /** Answers 503 to everything while true. */
  away: boolean
  close(): Promise<void>
}

/** Times in seconds since 1970. */
type SignOptions = {
  audience?: string | string[]
  issuer?: string
  issuedAt?: number
  expires?: number
}

type Key = { private: CryptoKey; public: JWK }

type Code = { challenge: string; nonce: string | null; redirectUri: string; claims: JWTPayload }

export const startOidcProvider = async (
  now: () => Date = () => new Date(),
): Promise<OidcProvider> => {
  const codes = new Map<string, Code>()
  const refreshTokens = new Map<string, JWTPayload>()
  const asked = new Map<string, number>()
  let key = await newKey()

  const handlers: Record<string, (request: IncomingMessage, url: URL) => Promise<Reply> | Reply> = {
    '/.well-known/openid-configuration': () => json(200, metadataOf(provider.issuer)),
    '/keys': () => json(200, { keys: [key.public] }),
    '/authorize': (_, url) => authorize(url.searchParams),
    '/token': async (request) => token(request, new URLSearchParams(await text(request))),
    '/introspect': async (request) => introspect(request, new URLSearchParams(await text(request))),
    '/logout': (_, url) => redirect(url.searchParams.get('post_logout_redirect_uri') ?? '/'),
  }

  const authorize = (query: URLSearchParams): Reply => {
    const redirectUri = query.get('redirect_uri') ?? ''
    const challenge = query.get('code_challenge') ?? ''
    const isAsk = query.get('response_type') === 'code' && query.get('client_id') === 'gateway'
    if (!isAsk || challenge === '' || query.get('code_challenge_method') !== 'S256') {
      return json(400, { error: 'invalid_request' })
    }
    const code = randomBytes(16).toString('base64url')
    codes.set(code, { challenge, nonce: query.get('nonce'), redirectUri, claims: provider.claims })
    const target = new URL(redirectUri)
    target.searchParams.set('code', code)
    target.searchParams.set('state', query.get('state') ?? '')
    return redirect(target.href)
  }

  const isClient = (request: IncomingMessage, form: URLSearchParams): boolean => {
    const pair = Buffer.from(`${provider.clientId}:${provider.clientSecret}`).toString('base64')
    return (
      request.headers.authorization === `Basic ${pair}` ||
      form.get('client_secret') === provider.clientSecret
    )
  }

  const introspect = (request: IncomingMessage, form: URLSearchParams): Reply => {
    if (!isClient(request, form)) return json(401, { error: 'invalid_client' })
    const claims = provider.opaque.get(form.get('token') ?? '')
    return json(200, claims === undefined ? { active: false } : { active: true, ...claims })
  }

  const token = async (request: IncomingMessage, form: URLSearchParams): Promise<Reply> => {
    if (!isClient(request, form)) return json(401, { error: 'invalid_client' })
    const granted =
      form.get('grant_type') === 'refresh_token' ? takeRefreshToken(form) : takeCode(form)
    return granted === null
      ? json(400, { error: 'invalid_grant' })
      : json(200, await issue(granted))
  }

  /** Each works once. */
  const takeCode = (form: URLSearchParams): JWTPayload | null => {
    const code = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (code === undefined || code.challenge !== challenge) return null
    if (code.redirectUri !== form.get('redirect_uri')) return null
    return { ...code.claims, ...(code.nonce === null ? {} : { nonce: code.nonce }) }
  }

  const takeRefreshToken = (form: URLSearchParams): JWTPayload | null => {
    const refreshToken = form.get('refresh_token') ?? ''
    const claims = refreshTokens.get(refreshToken)
    refreshTokens.delete(refreshToken)
    return claims === undefined ? null : { ...claims, ...provider.claims }
  }

  const issue = async ({ nonce, ...claims }: JWTPayload) => {
    const refreshToken = randomBytes(16).toString('base64url')
    refreshTokens.set(refreshToken, claims)
    const accessToken = await provider.sign({ ...claims, scope: 'openid' })
    const digest = createHash('sha256').update(accessToken).digest()
    const hash = { at_hash: digest.subarray(0, 16).toString('base64url') }
    return {
      access_token: accessToken,
      id_token: await provider.sign({
        ...hash,
        ...claims,
        ...(nonce === undefined ? {} : { nonce }),
      }),
      refresh_token: refreshToken,
      expires_in: provider.expiresIn,
      token_type: 'Bearer',
    }
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', provider.issuer)
    asked.set(url.pathname, (asked.get(url.pathname) ?? 0) + 1)
    const handler = provider.away ? undefined : handlers[url.pathname]
    const reply = handler === undefined ? json(503, {}) : await handler(request, url)
    response.writeHead(reply.status, reply.headers).end(reply.body)
  }

  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  const provider: OidcProvider = {
    issuer: `http://127.0.0.1:${port}`,
    clientId: 'gateway',
    clientSecret: 'gateway-secret',
    claims: { sub: 'ada' },
    expiresIn: 300,
    asked,
    away: false,
    opaque: new Map(),
    sign: (claims, options = {}) => {
      const issuedAt = options.issuedAt ?? Math.floor(now().getTime() / 1000)
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: key.public.kid ?? '' })
        .setIssuer(options.issuer ?? provider.issuer)
        .setAudience(options.audience ?? provider.clientId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(options.expires ?? issuedAt + 3600)
        .sign(key.private)
    },
    rotateKeys: async () => {
      key = await newKey()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return provider
}

const newKey = async (): Promise<Key> => {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const kid = randomBytes(8).toString('hex')
  return { private: privateKey, public: { ...(await exportJWK(publicKey)), kid, use: 'sig' } }
}

type Reply = { status: number; headers: Record<string, string>; body: string }

const json = (status: number, value: object): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})

const redirect = (location: string): Reply => ({ status: 302, headers: { location }, body: '' })

const metadataOf = (issuer: string) => ({
  issuer,
  jwks_uri: `${issuer}/keys`,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  end_session_endpoint: `${issuer}/logout`,
  introspection_endpoint: `${issuer}/introspect`,
})
