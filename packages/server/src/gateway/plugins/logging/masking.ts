import type { HeaderList } from '../../proxy/header-list.ts'

/** What stands in the place of a credential; Kong's word. */
const masked = 'REDACTED'

/**
 * Names that speak of credentials, by one of their words: `X-Api-Key`, `access_token`. Rather one
 * too many: what is not in a log cannot leak from it. Linear: alternatives without repetition.
 */
const secretWord =
  /(?:^|[-_.])(?:authorization|auth|cookie2?|apikey|key|token|jwt|secret|password|passwd|pwd|signature|sig|session|sessionid|sid|credentials?|code_verifier|assertion)(?:[-_.]|$)/i
/** Names that hold such words one after the other. */
const secretRun = /apikey|accesstoken|authtoken|idtoken|refreshtoken|clientsecret/i

/** Those of them that say nothing secret. */
const harmless: ReadonlySet<string> = new Set([
  ...['idempotency-key', 'x-idempotency-key', 'x-credential-identifier', 'x-cache-key'],
  ...['surrogate-key', 'cache-key', 'sec-websocket-key', 'access-control-allow-credentials'],
])

/** Whether the value of a header or a parameter of this name must not be shown. */
export const isSecretName = (name: string): boolean =>
  (secretWord.test(name) || secretRun.test(name)) && !harmless.has(name.toLowerCase())

/** Fields whose value is an address, which may hold parameters. */
const addresses: ReadonlySet<string> = new Set(['referer', 'location', 'content-location'])

/** By lower-case name; several fields of one name are a list. Credentials are masked. */
export const shownHeaders = (headers: HeaderList): Record<string, string | string[]> => {
  const shown: Record<string, string | string[]> = Object.create(null) as typeof shown
  const { raw } = headers
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase()
    const value = shownValue(name, raw[at + 1] ?? '')
    const known = shown[name]
    if (known === undefined) shown[name] = value
    else if (typeof known === 'string') shown[name] = [known, value]
    else known.push(value)
  }
  return shown
}

const shownValue = (name: string, value: string): string => {
  if (isSecretName(name)) return masked
  return addresses.has(name) ? shownTarget(value) : value
}

/** A path or address with its query; values of secret parameters are masked. */
export const shownTarget = (target: string): string => {
  const at = target.indexOf('?')
  return at === -1 ? target : target.slice(0, at) + shownQuery(target.slice(at))
}

/** Starts with `?`, or is empty. */
export const shownQuery = (query: string): string => {
  if (query.length < 2) return query
  let changed = false
  const pairs = query
    .slice(1)
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=')
      if (equals === -1 || !isSecretName(decoded(pair.slice(0, equals)))) return pair
      changed = true
      return `${pair.slice(0, equals)}=${masked}`
    })
  return changed ? `?${pairs.join('&')}` : query
}

type Shown = string | true | (string | true)[]

/** Parameters by name, as Kong shows them: one without `=` is true, several are a list. */
export const shownParameters = (query: string): Record<string, Shown> => {
  const shown: Record<string, Shown> = Object.create(null) as typeof shown
  for (const pair of query.slice(1).split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 || (isSecretName(name) ? masked : decoded(pair.slice(equals + 1)))
    const known = shown[name]
    if (known === undefined) shown[name] = value
    else if (Array.isArray(known)) known.push(value)
    else shown[name] = [known, value]
  }
  return shown
}

const decoded = (text: string): string => {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
