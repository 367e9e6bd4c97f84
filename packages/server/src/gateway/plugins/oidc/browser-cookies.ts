import { decodeJwt, type JWTPayload } from 'jose'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { HeaderList } from '../../proxy/header-list.ts'
import { dropCookie, hideCookies, setCookie, type CookieAttributes } from '../cookies.ts'
import type { Sealer } from '../sealed.ts'

const sessionSchema = Type.Object({
  /** Checked when it came; its claims are who this is. */
  idToken: Type.String(),
  accessToken: Type.Union([Type.String(), Type.Null()]),
  refreshToken: Type.Union([Type.String(), Type.Null()]),
  /** When the access token ends; all in seconds since 1970. Null: it does not say. */
  expires: Type.Union([Type.Number(), Type.Null()]),
  created: Type.Number(),
  used: Type.Number(),
})

const sessionCheck = Compile(sessionSchema)

/** All that there is of a login: it lives in the browser, encrypted. */
export type LoginSession = Static<typeof sessionSchema>

const loginSchema = Type.Object({
  state: Type.String(),
  nonce: Type.String(),
  verifier: Type.String(),
  returnTo: Type.String(),
  redirectUri: Type.String(),
  expires: Type.Number(),
})

export const claimsOf = ({ idToken }: LoginSession): JWTPayload => decodeJwt(idToken)

const loginCheck = Compile(loginSchema)

/** A login that is under way at the provider. */
export type PendingLogin = Static<typeof loginSchema>

/** Browsers keep no more than 4096 bytes of one cookie, name and attributes included. */
const chunkLength = 3_600
/** Servers have bounds for a head too: 8 kB with nginx, 16 kB with Node. */
const maxChunks = 4
/** Logins at once, in as many tabs. */
const maxPending = 4

type Cookies = ReadonlyMap<string, string>

export type BrowserCookies = {
  readSession(cookies: Cookies): Promise<LoginSession | null>
  /** False when it does not fit: tokens with hundreds of groups. */
  writeSession(
    session: LoginSession,
    cookies: Cookies,
    answer: HeaderList,
    secure: boolean,
  ): Promise<boolean>
  dropSession(cookies: Cookies, answer: HeaderList, secure: boolean): void
  readLogin(cookies: Cookies, state: string): Promise<PendingLogin | null>
  writeLogin(
    login: PendingLogin,
    cookies: Cookies,
    answer: HeaderList,
    secure: boolean,
  ): Promise<void>
  dropLogin(state: string, answer: HeaderList, secure: boolean): void
  hasSession(cookies: Cookies): boolean
  /** The service has no use for them. */
  hide(headers: HeaderList): void
}

export const createBrowserCookies = (
  name: string,
  sealers: { session: Sealer; login: Sealer },
): BrowserCookies => {
  const loginPrefix = `${name}_login_`
  const chunkName = (index: number): string => (index === 0 ? name : `${name}_${index}`)
  const loginName = (state: string): string => `${loginPrefix}${state.slice(0, 12)}`
  const isOurs = (cookie: string): boolean =>
    cookie === name || cookie.startsWith(loginPrefix) || isChunk(cookie)
  const isChunk = (cookie: string): boolean => {
    for (let index = 1; index < maxChunks; index += 1) if (cookie === chunkName(index)) return true
    return false
  }

  const readChunks = (cookies: Cookies): string => {
    let text = ''
    for (let index = 0; index < maxChunks; index += 1) {
      const chunk = cookies.get(chunkName(index))
      if (chunk === undefined) break
      text += chunk
      if (chunk.length < chunkLength) break
    }
    return text
  }

  /** Takes away the chunks from `first` on that the browser has. */
  const dropChunks = (first: number, cookies: Cookies, answer: HeaderList, secure: boolean) => {
    for (let index = first; index < maxChunks; index += 1) {
      const chunk = chunkName(index)
      if (cookies.has(chunk)) answer.add('Set-Cookie', dropCookie(chunk, attributes(secure)))
    }
  }

  return {
    hasSession: (cookies) => cookies.has(name),
    readSession: async (cookies) => {
      const text = readChunks(cookies)
      const session = text === '' ? null : await sealers.session.open(text)
      return sessionCheck.Check(session) ? session : null
    },
    writeSession: async (session, cookies, answer, secure) => {
      const text = await sealers.session.seal(session)
      const count = Math.ceil(text.length / chunkLength)
      if (count > maxChunks) return false
      for (let index = 0; index < count; index += 1) {
        const chunk = text.slice(index * chunkLength, (index + 1) * chunkLength)
        answer.add('Set-Cookie', setCookie(chunkName(index), chunk, attributes(secure)))
      }
      dropChunks(count, cookies, answer, secure)
      return true
    },
    dropSession: (cookies, answer, secure) => dropChunks(0, cookies, answer, secure),
    readLogin: async (cookies, state) => {
      const text = cookies.get(loginName(state))
      const login = text === undefined ? null : await sealers.login.open(text)
      return loginCheck.Check(login) && login.state === state ? login : null
    },
    writeLogin: async (login, cookies, answer, secure) => {
      const pending = [...cookies.keys()].filter((cookie) => cookie.startsWith(loginPrefix))
      for (const old of pending.slice(0, Math.max(pending.length - maxPending + 1, 0))) {
        answer.add('Set-Cookie', dropCookie(old, attributes(secure)))
      }
      const value = await sealers.login.seal(login)
      answer.add(
        'Set-Cookie',
        setCookie(loginName(login.state), value, {
          ...attributes(secure),
          maxAge: loginSeconds,
        }),
      )
    },
    dropLogin: (state, answer, secure) =>
      answer.add('Set-Cookie', dropCookie(loginName(state), attributes(secure))),
    hide: (headers) => hideCookies(headers, isOurs),
  }
}

/** How long somebody may take to log in. */
export const loginSeconds = 600

/** Lax: the provider sends the browser back from another site. */
const attributes = (secure: boolean): CookieAttributes => ({
  path: '/',
  sameSite: 'Lax',
  httpOnly: true,
  secure,
})
