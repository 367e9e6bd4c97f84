import type { HeaderList } from '../proxy/header-list.ts'
import { splitList, unquote } from './field-list.ts'
import { targetedDirectives } from './targeted.ts'

/** `Cache-Control` of an answer, or what takes its place (RFC 9111 5.2.2, RFC 5861, RFC 8246). */
export type ResponseDirectives = {
  noStore: boolean
  /** Without a list of fields. */
  noCache: boolean
  /** Without a list of fields. */
  private: boolean
  /** Lower-case names of fields that `no-cache="…"` and `private="…"` keep out of the store. */
  withheldFields: readonly string[]
  public: boolean
  mustRevalidate: boolean
  proxyRevalidate: boolean
  mustUnderstand: boolean
  /** Seconds, here and below; null when absent, 0 when unreadable. */
  maxAge: number | null
  sMaxAge: number | null
  staleWhileRevalidate: number | null
  staleIfError: number | null
  /** They came by a targeted field: Expires does not count (RFC 9213 2.2). */
  targeted: boolean
}

/** `Cache-Control` of a request (RFC 9111 5.2.1). */
export type RequestDirectives = {
  noStore: boolean
  noCache: boolean
  onlyIfCached: boolean
  maxAge: number | null
  /** Infinity without a number. */
  maxStale: number | null
  minFresh: number | null
  staleIfError: number | null
}

export const noRequestDirectives: RequestDirectives = {
  noStore: false,
  noCache: false,
  onlyIfCached: false,
  maxAge: null,
  maxStale: null,
  minFresh: null,
  staleIfError: null,
}

/** Ages and lifetimes are cut here (RFC 9111 1.2.2): 68 years, and no overflow anywhere. */
export const longestSeconds = 2_147_483_648

/**
 * @param targets names of targeted fields in lower case, by preference (RFC 9213); the first one
 * that is there and well-formed takes the place of Cache-Control.
 */
export const readResponseDirectives = (
  headers: HeaderList,
  targets: readonly string[],
): ResponseDirectives => {
  for (const target of targets) {
    const value = headers.joined(target)
    const found = value === undefined ? undefined : targetedDirectives(target, value)
    if (found !== undefined) return responseDirectives(found, true)
  }
  const value = headers.joined('cache-control')
  return responseDirectives(value === undefined ? none : parseDirectives(value), false)
}

const none: ReadonlyMap<string, string | null> = new Map()

const responseDirectives = (
  found: ReadonlyMap<string, string | null>,
  targeted: boolean,
): ResponseDirectives => ({
  noStore: found.has('no-store'),
  noCache: found.get('no-cache') === null,
  private: found.get('private') === null,
  withheldFields: [...fieldNames(found.get('no-cache')), ...fieldNames(found.get('private'))],
  public: found.has('public'),
  mustRevalidate: found.has('must-revalidate'),
  proxyRevalidate: found.has('proxy-revalidate'),
  mustUnderstand: found.has('must-understand'),
  maxAge: secondsOf(found, 'max-age'),
  sMaxAge: secondsOf(found, 's-maxage'),
  staleWhileRevalidate: secondsOf(found, 'stale-while-revalidate'),
  staleIfError: secondsOf(found, 'stale-if-error'),
  targeted,
})

export const readRequestDirectives = (headers: HeaderList): RequestDirectives => {
  const value = headers.joined('cache-control')
  if (value === undefined) return noRequestDirectives
  const found = parseDirectives(value)
  return {
    noStore: found.has('no-store'),
    noCache: found.has('no-cache'),
    onlyIfCached: found.has('only-if-cached'),
    maxAge: secondsOf(found, 'max-age'),
    maxStale: found.get('max-stale') === null ? Infinity : secondsOf(found, 'max-stale'),
    minFresh: secondsOf(found, 'min-fresh'),
    staleIfError: secondsOf(found, 'stale-if-error'),
  }
}

/**
 * Directives by lower-case name; the value without quotes, null when there is none. The first of
 * several of one name counts (RFC 9111 4.2.1).
 */
export const parseDirectives = (text: string): Map<string, string | null> => {
  const found = new Map<string, string | null>()
  for (const part of splitList(text)) {
    const equals = part.indexOf('=')
    const name = (equals === -1 ? part : part.slice(0, equals)).toLowerCase()
    if (name === '') continue
    // `max-age =1` has no such directive as `max-age`, but its sender meant to say something:
    // unreadable, and by that stale.
    const key = name.trimEnd()
    const value = equals === -1 ? null : key === name ? unquote(part.slice(equals + 1)) : ''
    if (!found.has(key)) found.set(key, value)
  }
  return found
}

const secondsOf = (found: ReadonlyMap<string, string | null>, name: string): number | null => {
  const text = found.get(name)
  return text === undefined ? null : (parseSeconds(text ?? '') ?? 0)
}

/** delta-seconds, cut at `longestSeconds`; undefined when it is none. */
export const parseSeconds = (text: string): number | undefined => {
  if (!/^\d+$/.test(text)) return undefined
  return Math.min(Number(text), longestSeconds)
}

const fieldNames = (list: string | null | undefined): string[] =>
  list === null || list === undefined ? [] : splitList(list.toLowerCase())
