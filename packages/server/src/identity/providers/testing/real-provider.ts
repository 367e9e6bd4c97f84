import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { Provider } from 'oidc-provider'

export const clientId = 'keelson'
export const clientSecret = 'a secret of the client, 32 bytes or more'

type Account = Record<string, unknown>

type Options = {
  redirectUris: readonly string[]
  /** Shows a button before it signs anybody in, as a person in a browser would meet. */
  asks?: boolean
}

/** oidc-provider in this process, at a port of its own: whoever comes is `person`, and agrees. */
export const startRealProvider = async ({ redirectUris, asks = false }: Options) => {
  const accounts = new Map<string, Account>([['ana-1', { preferred_username: 'ana' }]])
  const state = { person: 'ana-1', refuses: false, amr: undefined as string[] | undefined }
  const paths: string[] = []
  let answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>

  const server = createServer((request, response) => {
    paths.push((request.url ?? '').split('?')[0] ?? '')
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  // Another site than the platform at 127.0.0.1: sites are told apart by their host.
  const issuer = `http://localhost:${port}`

  const open = async (key: JWK): Promise<void> => {
    const provider = new Provider(issuer, {
      ...configurationOf(key, redirectUris),
      findAccount: (_: unknown, id: string) => ({
        accountId: id,
        claims: () => ({ sub: id, ...accounts.get(id) }),
      }),
    })
    const serve = provider.callback()
    answer = async (request, response) => {
      if (request.url?.startsWith('/interaction/') !== true) return serve(request, response)
      if (asks && request.method === 'GET') return void response.end(page(request.url))
      const result = await decide(provider, await provider.interactionDetails(request, response))
      return provider.interactionFinished(request, response, result)
    }
  }

  type Details = Awaited<ReturnType<Provider['interactionDetails']>>
  const decide = async (provider: Provider, { prompt, params, session }: Details) => {
    if (state.refuses) return { error: 'access_denied', error_description: '<script>' }
    if (prompt.name === 'login') {
      return { login: { accountId: state.person, ...(state.amr ? { amr: state.amr } : {}) } }
    }
    const grant = new provider.Grant({
      ...{ accountId: session?.accountId ?? '', clientId: params.client_id },
    })
    grant.addOIDCScope('openid profile email groups')
    return { consent: { grantId: await grant.save() } }
  }

  await open(await newKey())
  return {
    ...{ issuer, accounts, state, paths },
    /** Signs by another key from now on, and publishes only that. */
    rotateKey: async () => open(await newKey()),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export type RealProvider = Awaited<ReturnType<typeof startRealProvider>>

const configurationOf = (key: JWK, redirectUris: readonly string[]) => ({
  clients: [
    {
      ...{ client_id: clientId, client_secret: clientSecret, redirect_uris: [...redirectUris] },
      id_token_signed_response_alg: 'ES256',
    },
  ],
  claims: {
    ...{ openid: ['sub', 'amr'], profile: ['name', 'preferred_username'] },
    ...{ email: ['email', 'email_verified'], groups: ['groups', 'realm'] },
  },
  scopes: ['openid', 'profile', 'email', 'groups'],
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  jwks: { keys: [key] },
})

const newKey = async (): Promise<JWK> => {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid: randomBytes(8).toString('hex'), use: 'sig' }
}

const page = (action: string): string =>
  `<!doctype html><title>Provider</title><form method="post" action="${action}">
   <button>Continue</button></form>`
