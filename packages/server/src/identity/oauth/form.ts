import { isPermission, type Permission } from '@keelson/contract'
import { OAuthError } from './oauth-error.ts'

/** Parameters of a request; one without a value counts as left out (RFC 6749 3.2). */
export type Form = ReadonlyMap<string, string>

/** Throws OAuthError `invalid_request` when one is there twice, or holds what no value of ours does. */
export const parseForm = (body: unknown): Form => {
  const form = new Map<string, string>()
  const seen = new Set<string>()
  for (const [name, value] of new URLSearchParams(typeof body === 'string' ? body : '')) {
    if (seen.has(name)) throw new OAuthError('invalid_request', `${inWords(name)} is there twice`)
    seen.add(name)
    if (/\p{Cc}/u.test(value)) {
      throw new OAuthError('invalid_request', `${inWords(name)} has control characters`)
    }
    if (value !== '') form.set(name, value)
  }
  return form
}

/** A name that a client made up, as far as it can be said again. */
const inWords = (name: string): string =>
  `The parameter ${name.replaceAll(/[^\w.-]/g, '?').slice(0, 40)}`

export const getParameter = (form: Form, name: string): string => {
  const value = form.get(name)
  if (value !== undefined) return value
  throw new OAuthError('invalid_request', `The parameter ${name} is missing`)
}

/** Null when nothing is asked for: all that may be had. Throws OAuthError `invalid_scope`. */
export const scopesIn = (form: Form): Permission[] | null => {
  const text = form.get('scope')
  if (text === undefined) return null
  const names = [...new Set(text.split(' ').filter((name) => name !== ''))]
  const scopes = names.filter(isPermission)
  if (scopes.length === names.length && scopes.length > 0) return scopes
  throw new OAuthError('invalid_scope', 'A scope is not the name of a permission')
}

/** What is asked for, within what there is to give. Throws OAuthError `invalid_scope`. */
export const narrowed = (
  given: readonly Permission[] | null,
  asked: readonly Permission[] | null,
): readonly Permission[] | null => {
  if (asked === null) return given
  if (given === null || asked.every((scope) => given.includes(scope))) return asked
  throw new OAuthError('invalid_scope', 'More is asked for than there is to give')
}

/** As a program calls itself. Shown to people, so nothing that reorders or hides text is in it. */
export const clientIn = (form: Form): string => {
  const client = getParameter(form, 'client_id').trim()
  if (client !== '' && client.length <= 64 && !/[\p{C}\p{Zl}\p{Zp}]/u.test(client)) return client
  throw new OAuthError('invalid_request', 'client_id is a name of up to 64 printable characters')
}

export type ClientCredentials = { id: string; secret: string }

/** By HTTP Basic or in the body, and not by both (RFC 6749 2.3). Null when there is none. */
export const clientCredentialsIn = (
  authorization: string | undefined,
  form: Form,
): ClientCredentials | null => {
  const secret = form.get('client_secret')
  if (authorization === undefined) {
    return secret === undefined ? null : { id: getParameter(form, 'client_id'), secret }
  }
  const basic = basicOf(authorization)
  if (secret !== undefined || (form.get('client_id') ?? basic.id) !== basic.id) {
    throw new OAuthError('invalid_request', 'The client names itself in two ways')
  }
  return basic
}

const basicOf = (authorization: string): ClientCredentials => {
  const encoded = /^Basic +([A-Za-z0-9+/]{1,2000}={0,2})$/i.exec(authorization)?.[1]
  const pair = Buffer.from(encoded ?? '', 'base64').toString('utf8')
  const at = pair.indexOf(':')
  if (at < 1) throw new OAuthError('invalid_client', 'The Authorization header is not HTTP Basic')
  try {
    return { id: decoded(pair.slice(0, at)), secret: decoded(pair.slice(at + 1)) }
  } catch {
    throw new OAuthError('invalid_client', 'Name and secret of the client are not form-encoded')
  }
}

/** RFC 6749 appendix B. */
const decoded = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '))
