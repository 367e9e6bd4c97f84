import type { HeaderList } from '../proxy/header-list.ts'
import { longestSeconds, parseSeconds, type ResponseDirectives } from './directives.ts'
import { parseHttpDate } from './http-date.ts'

export type Heuristic = {
  /** Share of the time since Last-Modified, 0 to 1; 0 is off. */
  fraction: number
  /** Seconds. */
  most: number
}

/** When a request for an answer left and when the head of the answer came, by the wall clock. */
export type Exchanged = { requestedMs: number; receivedMs: number }

/** Answers that may be kept without being asked to (RFC 9110 15.1). */
const heuristicStatuses = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501])

/** Seconds an answer is fresh for, and how that is known (RFC 9111 4.2.1). */
export const freshnessLifetime = (
  status: number,
  headers: HeaderList,
  directives: ResponseDirectives,
  receivedMs: number,
  heuristic: Heuristic,
): { seconds: number; explicit: boolean } => {
  const told = directives.sMaxAge ?? directives.maxAge
  if (told !== null) return { seconds: told, explicit: true }
  const dateMs = dateOf(headers, receivedMs)
  const expires = directives.targeted ? undefined : headers.get('expires')
  if (expires !== undefined) {
    const expiresMs = parseHttpDate(expires, receivedMs)
    // An unreadable date, `0` before all, is in the past (RFC 9111 5.3).
    const seconds = expiresMs === null ? 0 : Math.floor((expiresMs - dateMs) / 1000)
    return { seconds: bounded(seconds), explicit: true }
  }
  if (!heuristicStatuses.has(status) && !directives.public) return { seconds: 0, explicit: false }
  const modified = headers.get('last-modified')
  const modifiedMs = modified === undefined ? null : parseHttpDate(modified, receivedMs)
  if (modifiedMs === null) return { seconds: 0, explicit: false }
  const guess = Math.floor(((dateMs - modifiedMs) / 1000) * heuristic.fraction)
  return { seconds: Math.min(bounded(guess), heuristic.most), explicit: false }
}

/** Seconds that an answer was old when it came (RFC 9111 4.2.3). */
export const initialAge = (headers: HeaderList, exchanged: Exchanged): number => {
  const { requestedMs, receivedMs } = exchanged
  const apparent = (receivedMs - dateOf(headers, receivedMs)) / 1000
  // A clock that was set back while we waited must not make answers younger.
  const delay = Math.max(0, receivedMs - requestedMs) / 1000
  return bounded(Math.floor(Math.max(apparent, ageField(headers) + delay)))
}

/** Seconds since the answer was made or last found valid; never negative, whatever the clock did. */
export const currentAge = (
  stored: { initialAge: number; receivedMs: number },
  nowMs: number,
): number => stored.initialAge + Math.max(0, Math.floor((nowMs - stored.receivedMs) / 1000))

/** The first member of the first line; an unreadable one counts as none (RFC 9111 5.1). */
const ageField = (headers: HeaderList): number => {
  const line = headers.get('age')
  if (line === undefined) return 0
  const comma = line.indexOf(',')
  return parseSeconds((comma === -1 ? line : line.slice(0, comma)).trim()) ?? 0
}

/** When the answer was made; when it came, if it does not say so readably (RFC 9110 6.6.1). */
export const dateOf = (headers: HeaderList, receivedMs: number): number => {
  const date = headers.get('date')
  return (date === undefined ? null : parseHttpDate(date, receivedMs)) ?? receivedMs
}

const bounded = (seconds: number): number => Math.min(Math.max(0, seconds), longestSeconds)
