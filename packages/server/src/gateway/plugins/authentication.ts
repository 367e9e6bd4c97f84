import type { HeaderList } from '../proxy/header-list.ts'
import type { PluginExchange } from './plugin.ts'

/** Why nobody was recognised. */
export type Refusal = { status: number; message: string; headers: readonly string[] }

export const unauthorized = (message: string, challenge: string): Refusal => ({
  status: 401,
  message,
  headers: ['WWW-Authenticate', challenge],
})

/** `Bearer`, or `Bearer realm="…"`. */
export const challengeOf = (scheme: string, realm: string | null): string =>
  realm === null ? scheme : `${scheme} realm="${realm}"`

/**
 * Whether an authentication has nothing to do: with `anonymous` several of them are alternatives,
 * and an earlier one has succeeded. Without, each of them must succeed.
 */
export const isDone = (exchange: PluginExchange, anonymous: string | null): boolean =>
  anonymous !== null && exchange.credential !== null

/** Goes on as the anonymous consumer if there is one, else answers. */
export const fail = (
  exchange: PluginExchange,
  anonymous: string | null,
  refusal: Refusal,
): void => {
  if (anonymous === null) {
    exchange.refuse(refusal.status, refusal.message, refusal.headers)
    return
  }
  runAs(exchange, anonymous)
}

/** Goes on as the anonymous consumer. */
export const runAs = (exchange: PluginExchange, anonymous: string): void => {
  const consumer = exchange.consumers.find(anonymous)
  if (consumer === undefined) {
    exchange.refuse(500, `anonymous consumer ${anonymous} is configured but doesn't exist`)
    return
  }
  exchange.authenticate({ consumer, credential: null, anonymous: true })
}

/**
 * What follows the scheme in a value of Authorization, or null when it is another scheme. Schemes
 * have no case (RFC 9110 11.1).
 */
export const afterScheme = (value: string, scheme: string): string | null => {
  const trimmed = value.trim()
  if (trimmed.length <= scheme.length) return null
  const border = trimmed.charCodeAt(scheme.length)
  if (border !== 0x20 && border !== 0x09) return null
  if (trimmed.slice(0, scheme.length).toLowerCase() !== scheme) return null
  return trimmed.slice(scheme.length + 1).trim()
}

const groupsNote = Symbol('groups that an authentication brought along')

/** Kept apart from the groups of the consumer: `acl` treats them differently. */
export const noteGroups = (exchange: PluginExchange, groups: readonly string[]): void => {
  exchange.notes.set(groupsNote, groups)
}

export const notedGroups = (exchange: PluginExchange): readonly string[] | null =>
  (exchange.notes.get(groupsNote) as readonly string[] | undefined) ?? null

/** Says more than one field of that name came; else its value. */
export const single = ({ raw }: HeaderList, name: string): string | undefined | typeof several => {
  let value: string | undefined
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const own = raw[at] ?? ''
    if (own.length !== name.length || (own !== name && own.toLowerCase() !== name)) continue
    if (value !== undefined) return several
    value = raw[at + 1]
  }
  return value
}

export const several = Symbol('several values')
