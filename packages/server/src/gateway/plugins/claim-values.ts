import { createHash } from 'node:crypto'
import type { Consumer } from '../config/model.ts'
import { noteGroups } from './authentication.ts'
import { fieldValue } from './field-value.ts'
import type { PluginExchange } from './plugin.ts'

/** Claims of an issuer: JSON, of any shape. */
export type Claims = Readonly<Record<string, unknown>>

/**
 * A claim by its name, or by a path of names joined by dots where there is no such name
 * (`realm_access.roles`).
 */
const claimValue = (claims: Claims, path: string): unknown => {
  if (Object.hasOwn(claims, path)) return claims[path]
  let value: unknown = claims
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Claims)[name]
  }
  return value
}

/** As one string for a header; null when there is nothing that can be one. */
export const claimText = (claims: Claims, path: string): string | null => {
  const value = claimValue(claims, path)
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? listOf(value).join(',') : null
}

/** Groups as a list of strings, or as one string with blanks or commas between (`scope`). */
const claimGroups = (claims: Claims, path: string | null): readonly string[] | null => {
  if (path === null) return null
  const value = claimValue(claims, path)
  if (Array.isArray(value)) return listOf(value)
  return typeof value === 'string' ? value.split(/[ ,]+/).filter((group) => group !== '') : null
}

const listOf = (values: readonly unknown[]): string[] =>
  values.filter((value) => typeof value === 'string')

/** The consumer that a claim names by id, username or custom_id. */
const claimConsumer = (
  { consumers }: PluginExchange,
  claims: Claims,
  path: string,
): Consumer | null => {
  const name = claimText(claims, path)
  return name === null ? null : (consumers.find(name) ?? consumers.byCustomId(name) ?? null)
}

/**
 * Whom an issuer speaks of: of two with one name each is somebody else, by issuer and to the byte.
 * Null when it speaks of nobody.
 */
const subjectOf = (claims: Claims, consumer: Consumer | null) => {
  const claim = ['sub', 'client_id'].find((path) => (claimText(claims, path) ?? '') !== '')
  const name = claim === undefined ? consumer?.id : claimText(claims, claim)
  if (name === undefined || name === null) return null
  const whole = JSON.stringify([claims['iss'] ?? null, claim ?? null, name])
  return { id: createHash('sha256').update(whole).digest('base64url'), name: fieldValue(name) }
}

/** Goes on as whom the claims of an issuer speak of; else says what is missing in them. */
export const authenticateByClaims = (
  exchange: PluginExchange,
  claims: Claims,
  names: { consumer_claim: string | null; groups_claim: string | null },
): string | null => {
  const { consumer_claim, groups_claim } = names
  const consumer = consumer_claim === null ? null : claimConsumer(exchange, claims, consumer_claim)
  if (consumer_claim !== null && consumer === null) {
    return `No consumer found for given '${consumer_claim}'`
  }
  const subject = subjectOf(claims, consumer)
  if (subject === null) return "No mandatory 'sub' or 'client_id' in claims"
  const groups = claimGroups(claims, groups_claim)
  if (groups !== null) noteGroups(exchange, groups)
  exchange.authenticate({
    consumer,
    credential: subject,
    ...(groups === null ? {} : { groups }),
  })
  return null
}
