import { tokensOf, type TokenSet } from './credentials.ts'
import { OAuthError, postForm } from './oauth.ts'

/** What is shown to the person who approves the program in the browser. */
export type DeviceCode = {
  userCode: string
  url: string
  /** With the code in it. */
  completeUrl: string
  expiresInSeconds: number
}

type DeviceOptions = {
  baseUrl: string
  /** How the program calls itself to the person. */
  client: string
  /** What it may at most; without: all that the person may. */
  scopes?: readonly string[]
  onCode: (code: DeviceCode) => void
  signal?: AbortSignal
  fetch?: typeof fetch
  /** Waits this long. */
  wait?: (ms: number) => Promise<void>
  now?: () => number
}

const waitFor = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

/**
 * Signs a program in (RFC 8628): asks for a code, shows it, and waits until somebody has approved it.
 * Throws OAuthError: `access_denied`, `expired_token`.
 */
export const signInByDevice = async (options: DeviceOptions): Promise<TokenSet> => {
  const { baseUrl, client, scopes, onCode, signal, wait = waitFor, now = Date.now } = options
  const post = (path: string, form: Record<string, string>) =>
    postForm(`${baseUrl}${path}`, { client_id: client, ...form }, options.fetch, signal)
  const asked = await post(
    '/oauth/device_authorization',
    scopes === undefined ? {} : { scope: scopes.join(' ') },
  )
  const { deviceCode, intervalSeconds, ...code } = codeOf(asked)
  onCode(code)
  const grant = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: deviceCode,
  }
  let everyMs = intervalSeconds * 1000
  for (;;) {
    await wait(everyMs)
    signal?.throwIfAborted()
    try {
      return tokensOf(await post('/oauth/token', grant), now())
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error
      if (error.code === 'slow_down') everyMs += 5000
      else if (error.code !== 'authorization_pending') throw error
    }
  }
}

const codeOf = (answer: Record<string, unknown>) => {
  const text = (name: string): string => {
    const value = answer[name]
    if (typeof value === 'string') return value
    throw new OAuthError('server_error', `The answer holds no ${name}`)
  }
  const number = (name: string, otherwise: number): number => {
    const value = answer[name]
    return typeof value === 'number' ? value : otherwise
  }
  const url = text('verification_uri')
  return {
    ...{ deviceCode: text('device_code'), userCode: text('user_code'), url },
    completeUrl:
      typeof answer['verification_uri_complete'] === 'string'
        ? answer['verification_uri_complete']
        : url,
    expiresInSeconds: number('expires_in', 600),
    intervalSeconds: number('interval', 5),
  }
}
