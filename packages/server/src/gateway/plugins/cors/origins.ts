import { RE2JS } from 're2js'

/** What is allowed to an origin: the value of Access-Control-Allow-Origin, or null. */
export type OriginRule = (origin: Origin) => boolean

/** An origin as browsers send it, and its parts; `host` is all of it when it is no URL (`null`). */
export type Origin = { origin: string; host: string }

/** `https://shop.example:443/x` → `https://shop.example`; what has no authority stays as it is. */
export const normalOrigin = (text: string): Origin => {
  const scheme = text.indexOf('://')
  if (scheme === -1) return { origin: text, host: text }
  const name = text.slice(0, scheme)
  const { host, port } = authorityOf(text.slice(scheme + 3))
  const usual = (name === 'http' && port === '80') || (name === 'https' && port === '443')
  return { origin: `${name}://${host}${port === '' || usual ? '' : `:${port}`}`, host }
}

const authorityOf = (text: string): { host: string; port: string } => {
  let end = text.length
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]
    if (char !== '/' && char !== '?' && char !== '#') continue
    end = at
    break
  }
  const authority = text.slice(text.lastIndexOf('@', end) + 1, end)
  const colon = authority.lastIndexOf(':')
  // The colons inside [::1] are none of a port.
  if (colon === -1 || authority.endsWith(']')) return { host: authority, port: '' }
  return { host: authority.slice(0, colon), port: authority.slice(colon + 1) }
}

/** Whether an entry is no regex: letters, digits, dots, dashes, colons and slashes. */
export const isPlainOrigin = (entry: string): boolean => /^[A-Za-z0-9.:/-]+$/.test(entry)

/**
 * An entry of `origins`. Regexes are anchored at both ends, and are about the host alone unless
 * there is a `:` in them.
 *
 * @throws RE2JSException when it is not a regex of RE2
 */
export const compileOrigin = (entry: string): OriginRule => {
  if (isPlainOrigin(entry)) {
    const { origin } = normalOrigin(entry)
    return (asked) => asked.origin === origin
  }
  // V8 would backtrack over what somebody wrote; RE2 takes linear time for every pattern.
  const pattern = RE2JS.compile(entry)
  const byHost = !entry.includes(':')
  return ({ origin, host }) => pattern.testExact(byHost ? host : origin)
}
