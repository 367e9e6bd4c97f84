import { HeaderList } from '../proxy/header-list.ts'
import { splitList } from './field-list.ts'
import { dateOf } from './freshness.ts'
import { parseHttpDate } from './http-date.ts'
import type { StoredResponse } from './stored-response.ts'

/** Conditions that only the service can judge (RFC 9111 4.3.2): such requests pass the cache. */
export const hasOriginConditions = (request: HeaderList): boolean =>
  request.has('if-match') || request.has('if-unmodified-since')

/** Whether the client has this answer already, and a 304 is enough (RFC 9111 4.3.2). */
export const clientHasIt = (request: HeaderList, stored: StoredResponse): boolean => {
  const tags = request.joined('if-none-match')
  if (tags !== undefined) return stored.etag !== null && matchesAny(tags, stored.etag)
  const since = request.get('if-modified-since')
  if (since === undefined) return false
  const sinceMs = parseHttpDate(since, stored.receivedMs)
  return sinceMs !== null && modifiedMs(stored) <= sinceMs
}

/** RFC 9111 4.3.2: Last-Modified, else Date, else when it came. */
const modifiedMs = (stored: StoredResponse): number => {
  const told =
    stored.lastModified === null ? null : parseHttpDate(stored.lastModified, stored.receivedMs)
  return told ?? dateOf(new HeaderList([...stored.headers]), stored.receivedMs)
}

/** By the weak comparison (RFC 9110 8.8.3.2); tags without quotes are compared with the quotes they lack. */
const matchesAny = (list: string, etag: string): boolean => {
  if (list.trim() === '*') return true
  const opaque = opaqueTag(etag)
  return splitList(list).some((tag) => opaqueTag(tag) === opaque)
}

const opaqueTag = (tag: string): string => {
  const strong = /^w\//i.test(tag) ? tag.slice(2) : tag
  return strong.startsWith('"') ? strong : `"${strong}"`
}

/** Whether `Range` still means what is stored (RFC 9110 13.1.5): only a strong validator says so. */
export const rangeStillMeant = (request: HeaderList, stored: StoredResponse): boolean => {
  const condition = request.get('if-range')?.trim()
  if (condition === undefined) return true
  if (condition.startsWith('"')) return condition === stored.etag
  if (condition.startsWith('W/') || stored.lastModified !== condition) return false
  return isStrongDate(stored)
}

/** Something made in the second before it was sent may have changed within it (RFC 9110 8.8.2.2). */
const isStrongDate = (stored: StoredResponse): boolean => {
  const modified = parseHttpDate(stored.lastModified ?? '', stored.receivedMs)
  const date = dateOf(new HeaderList([...stored.headers]), stored.receivedMs)
  return modified !== null && date - modified >= 1000
}

/** Fields by which the service says whether the stored answer is still right (RFC 9111 4.3.1). */
export const setValidators = (request: HeaderList, stored: StoredResponse): void => {
  for (const name of conditionalFields) request.remove(name)
  if (stored.etag !== null) request.set('If-None-Match', stored.etag)
  if (stored.lastModified !== null) request.set('If-Modified-Since', stored.lastModified)
}

const conditionalFields = ['if-none-match', 'if-modified-since', 'if-range', 'range']
