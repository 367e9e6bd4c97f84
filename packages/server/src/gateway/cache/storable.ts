import { STATUS_CODES } from 'node:http'
import type { HeaderList } from '../proxy/header-list.ts'
import { readResponseDirectives, type ResponseDirectives } from './directives.ts'
import { formatHttpDate } from './http-date.ts'
import { freshnessLifetime, initialAge, type Exchanged } from './freshness.ts'
import type { CachePolicy } from './policy.ts'
import { parseContentRange } from './range.ts'
import { tagsOf } from './tags.ts'
import {
  entryId,
  type CacheRequest,
  type StoredRange,
  type StoredResponse,
} from './stored-response.ts'
import { secondaryKey, varyNames } from './vary.ts'

/** The head of an answer that may be kept; its body is still to come. */
export type StorableHead = Omit<StoredResponse, 'body'>

type AnswerHead = { status: number; reason: string; headers: HeaderList }

/**
 * The answer as it would be kept, or why it may not be (RFC 9111 3). For GET; a POST whose answer
 * is also what a GET would give (RFC 9110 9.3.3) is asked about as GET.
 */
export const storableHead = (
  request: CacheRequest,
  answer: AnswerHead,
  exchanged: Exchanged,
  policy: CachePolicy,
): StorableHead | string => {
  const { status, headers } = answer
  const directives = readResponseDirectives(headers, policy.targets)
  const refusal = forbidden(status, directives) ?? authorization(request, directives)
  if (refusal !== null) return refusal
  const vary = varyNames(headers)
  if (vary === null) return 'it varies by what nobody knows'
  const range = status === 206 ? parseContentRange(headers.get('content-range')) : null
  if (status === 206 && range === null) return 'it is a part of several'
  const life = freshnessLifetime(
    status,
    headers,
    directives,
    exchanged.receivedMs,
    policy.heuristic,
  )
  if (headers.has('set-cookie') && !(life.explicit && policy.storeSetCookie))
    return 'it sets a cookie'
  const head = headOf(request, answer, exchanged, {
    directives,
    vary,
    range,
    lifetime: life.seconds,
    policy,
  })
  return isUseful(head) ? head : 'it would be stale at once'
}

const understood = (status: number): boolean => STATUS_CODES[status] !== undefined

const forbidden = (status: number, directives: ResponseDirectives): string | null => {
  if (status < 200 || status === 304) return 'its status is none to keep'
  if (directives.mustUnderstand && !understood(status)) return 'its status is unknown'
  if (directives.noStore && !directives.mustUnderstand) return 'no-store'
  if (directives.private) return 'private'
  return null
}

/** RFC 9111 3.5. */
const authorization = (request: CacheRequest, directives: ResponseDirectives): string | null => {
  if (!request.headers.has('authorization')) return null
  const allowed = directives.public || directives.mustRevalidate || directives.sMaxAge !== null
  return allowed ? null : 'the request was authorized'
}

type Findings = {
  directives: ResponseDirectives
  vary: readonly string[]
  range: StoredRange | null
  lifetime: number
  policy: CachePolicy
}

const headOf = (
  request: CacheRequest,
  answer: AnswerHead,
  exchanged: Exchanged,
  { directives, vary, range, lifetime, policy }: Findings,
): StorableHead => {
  const { headers } = answer
  const stale = staleWindows(directives, policy, lifetime > 0)
  const etag = headers.get('etag') ?? null
  const lastModified = headers.get('last-modified') ?? null
  const age = initialAge(headers, exchanged)
  const canValidate = etag !== null || lastModified !== null
  const beyond = Math.max(
    stale.staleWhileRevalidate,
    stale.staleIfError,
    stale.staleIfUnreachable,
    canValidate ? policy.keepStale : 0,
  )
  return {
    id: entryId(request, vary, secondaryKey(vary, request.headers), range !== null),
    url: request.url,
    vary,
    status: answer.status,
    reason: answer.reason,
    headers: keptFields(headers, directives, exchanged.receivedMs),
    range,
    receivedMs: exchanged.receivedMs,
    initialAge: age,
    lifetime,
    ...stale,
    alwaysValidate: directives.noCache,
    keepUntilMs: exchanged.receivedMs + (lifetime - age + beyond) * 1000,
    etag,
    lastModified,
    tags: tagsOf(headers),
  }
}

/**
 * How long beyond its lifetime (RFC 9111 4.2.4, RFC 5861). `s-maxage` forbids stale answers as
 * `proxy-revalidate` does (5.2.2.10), but who sends it together with `stale-while-revalidate`
 * means both.
 *
 * What the policy grants goes only to answers that are fresh for a time: one that says nothing at
 * all may be meant for one person, and must not be shown to others when the service is away.
 */
const staleWindows = (
  directives: ResponseDirectives,
  policy: CachePolicy,
  isEverFresh: boolean,
) => {
  const { noCache, mustRevalidate, proxyRevalidate } = directives
  const never = noCache || mustRevalidate || proxyRevalidate
  const unlessTold = never || directives.sMaxAge !== null
  const window = (told: number | null, otherwise: number): number =>
    never ? 0 : (told ?? (unlessTold || !isEverFresh ? 0 : otherwise))
  const staleIfError = window(directives.staleIfError, policy.staleIfError)
  return {
    staleWhileRevalidate: window(directives.staleWhileRevalidate, policy.staleWhileRevalidate),
    staleIfError,
    staleIfUnreachable: Math.max(staleIfError, window(null, policy.staleIfUnreachable)),
    staleOnRequest: window(null, Infinity),
  }
}

/** Kept only if there will be a moment at which it spares the service something. */
const isUseful = (head: StorableHead): boolean => {
  if (head.range !== null) return head.lifetime > head.initialAge && !head.alwaysValidate
  if (head.etag !== null || head.lastModified !== null) return true
  return head.keepUntilMs > head.receivedMs && !head.alwaysValidate
}

/** Framing, hop-by-hop fields and those of one proxy (RFC 9111 3.1), and what is made anew. */
const neverKept = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'trailer',
  'content-length',
  'age',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
])

const keptFields = (
  headers: HeaderList,
  directives: ResponseDirectives,
  receivedMs: number,
): string[] => {
  const kept: string[] = []
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    if (!neverKept.has(lower) && !directives.withheldFields.includes(lower)) kept.push(name, value)
  }
  if (!headers.has('date')) kept.push('Date', formatHttpDate(receivedMs))
  return kept
}
