import type { HeaderList } from '../proxy/header-list.ts'

export type CookieAttributes = {
  path: string
  domain?: string | null
  sameSite: 'Strict' | 'Lax' | 'None' | 'Default'
  httpOnly: boolean
  secure: boolean
  /** Seconds; without it, until the browser is closed. */
  maxAge?: number
}

/** A value of Set-Cookie. */
export const setCookie = (name: string, value: string, attributes: CookieAttributes): string => {
  const { path, domain = null, sameSite, httpOnly, secure, maxAge } = attributes
  return [
    `${name}=${value}`,
    `Path=${path}`,
    ...(domain === null ? [] : [`Domain=${domain}`]),
    ...(maxAge === undefined ? [] : [`Max-Age=${maxAge}`]),
    ...(sameSite === 'Default' ? [] : [`SameSite=${sameSite}`]),
    ...(secure ? ['Secure'] : []),
    ...(httpOnly ? ['HttpOnly'] : []),
  ].join('; ')
}

/** A value of Set-Cookie that takes the cookie away. */
export const dropCookie = (name: string, attributes: CookieAttributes): string =>
  setCookie(name, '', { ...attributes, maxAge: 0 })

/** Takes cookies out of the request, so that the service does not see them. */
export const hideCookies = (headers: HeaderList, isHidden: (name: string) => boolean): void => {
  const cookies = headers.all('cookie')
  if (cookies.length === 0) return
  const kept = cookies
    .flatMap((value) => value.split(';'))
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '' && !isHidden(pair.slice(0, Math.max(pair.indexOf('='), 0))))
  if (kept.length === 0) headers.remove('cookie')
  else headers.set('Cookie', kept.join('; '))
}
