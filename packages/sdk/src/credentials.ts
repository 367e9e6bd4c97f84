import { OAuthError, postForm } from './oauth.ts'

/** Who asks, as a client needs to know it. */
export type Credentials = {
  /** Value of the Authorization header; undefined: none. */
  authorization(): Promise<string | undefined>
  /** After a 401: whether it is worth asking once more. */
  renew?(): Promise<boolean>
}

/** An API token (`kst_…`), or any other that stays the same. */
export const bearer = (token: string): Credentials => ({
  authorization: () => Promise.resolve(`Bearer ${token}`),
})

export type TokenSet = {
  accessToken: string
  refreshToken: string
  /** When the access token ends, ISO 8601. */
  expiresAt: string
}

/** Where tokens are kept between two runs of a program. */
export type TokenStore = {
  /** Undefined: nobody is signed in, or no more. */
  read(): Promise<TokenSet | undefined>
  /** Must be durable when it resolves: the refresh token before works no more. */
  write(tokens: TokenSet | undefined): Promise<void>
}

type RefreshOptions = {
  baseUrl: string
  /** As the program called itself when it signed in. */
  client: string
  store: TokenStore
  fetch?: typeof fetch
  /** Milliseconds since 1970. */
  now?: () => number
}

/** Renewed this much before its end, so that none ends on its way. */
const spareMs = 30_000

/**
 * Access tokens that renew themselves. Many calls at once refresh once; two programs with one store get
 * the same successor from the platform, when they ask within ten seconds. A family that has ended
 * empties the store.
 */
export const createRefreshing = (options: RefreshOptions): Credentials => {
  const { baseUrl, client, store, now = Date.now } = options
  let refreshing: Promise<TokenSet | undefined> | undefined

  const refresh = async (): Promise<TokenSet | undefined> => {
    const held = await store.read()
    if (held === undefined) return undefined
    const form = { grant_type: 'refresh_token', client_id: client }
    try {
      const next = tokensOf(
        await postForm(
          `${baseUrl}/oauth/token`,
          { ...form, refresh_token: held.refreshToken },
          options.fetch,
        ),
        now(),
      )
      await store.write(next)
      return next
    } catch (error) {
      if (!(error instanceof OAuthError) || error.code !== 'invalid_grant') throw error
      // Another program may have been faster with the same store.
      const present = await store.read()
      if (present !== undefined && present.refreshToken !== held.refreshToken) return present
      await store.write(undefined)
      return undefined
    }
  }
  const refreshOnce = (): Promise<TokenSet | undefined> => {
    refreshing ??= refresh().finally(() => (refreshing = undefined))
    return refreshing
  }

  return {
    async authorization() {
      const held = await store.read()
      if (held === undefined) return undefined
      const isOld = Date.parse(held.expiresAt) - spareMs <= now()
      const tokens = isOld ? await refreshOnce() : held
      return tokens === undefined ? undefined : `Bearer ${tokens.accessToken}`
    },
    renew: async () => (await refreshOnce()) !== undefined,
  }
}

/** Of an answer of the token endpoint. Throws OAuthError when something else answered. */
export const tokensOf = (answer: Record<string, unknown>, nowMs: number): TokenSet => {
  const { access_token: access, refresh_token: refresh, expires_in: seconds } = answer
  if (typeof access !== 'string' || typeof refresh !== 'string' || typeof seconds !== 'number') {
    throw new OAuthError('server_error', 'The answer holds no tokens')
  }
  return {
    accessToken: access,
    refreshToken: refresh,
    expiresAt: new Date(nowMs + seconds * 1000).toISOString(),
  }
}
