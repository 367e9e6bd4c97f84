import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'
import { clientId } from './real-provider.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => unknown

/** A provider that can be made to answer anything; unless told, it answers as it should. */
export const startHostileProvider = async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const key = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
  const stranger = await generateKeyPair('ES256')

  const provider = {
    issuer: '',
    /** Laid over what it would say. */
    metadata: {} as Record<string, unknown>,
    claims: {} as Record<string, unknown>,
    userinfo: null as object | null,
    signedBy: 'itself' as 'itself' | 'a stranger' | 'nobody' | 'the secret of the client',
    /** Laid over its own pages. */
    pages: {} as Record<string, Handler>,
    asked: [] as string[],
    /** What the last visitor was sent with. */
    visit: new URLSearchParams(),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }

  const idToken = (claims: JWTPayload): Promise<string> | string => {
    if (provider.signedBy === 'nobody') return new UnsecuredJWT(claims).encode()
    if (provider.signedBy === 'the secret of the client') {
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256' })
        .sign(Buffer.from('a secret of the client, 32 bytes or more'))
    }
    const signer = provider.signedBy === 'itself' ? privateKey : stranger.privateKey
    return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(signer)
  }

  const own: Record<string, Handler> = {
    '/.well-known/openid-configuration': (_, response) =>
      json(response, {
        issuer: provider.issuer,
        authorization_endpoint: `${provider.issuer}/authorize`,
        token_endpoint: `${provider.issuer}/token`,
        jwks_uri: `${provider.issuer}/keys`,
        id_token_signing_alg_values_supported: ['ES256', 'HS256', 'none'],
        ...(provider.userinfo === null ? {} : { userinfo_endpoint: `${provider.issuer}/me` }),
        ...provider.metadata,
      }),
    '/keys': (_, response) => json(response, { keys: [key] }),
    '/me': (_, response) => json(response, provider.userinfo ?? {}),
    '/authorize': (_, response, url) => {
      provider.visit = url.searchParams
      const back = new URL(url.searchParams.get('redirect_uri') ?? '')
      back.searchParams.set('code', 'c0de')
      back.searchParams.set('state', url.searchParams.get('state') ?? '')
      response.writeHead(302, { location: back.href }).end()
    },
    '/token': async (request, response) => {
      await text(request)
      const now = Math.floor(Date.now() / 1000)
      const usual = {
        ...{ iss: provider.issuer, aud: clientId, sub: 'ana-1', iat: now, exp: now + 300 },
        ...{ nonce: provider.visit.get('nonce') ?? '', preferred_username: 'ana' },
      }
      const id_token = await idToken({ ...usual, ...provider.claims })
      json(response, { access_token: 'at', token_type: 'Bearer', expires_in: 60, id_token })
    },
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', provider.issuer)
    provider.asked.push(url.pathname)
    const handler = provider.pages[url.pathname] ?? own[url.pathname]
    if (handler === undefined) return void response.writeHead(404).end()
    void handler(request, response, url)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  provider.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return provider
}

export type HostileProvider = Awaited<ReturnType<typeof startHostileProvider>>

export const json = (response: ServerResponse, value: object): void => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
