import type { HeaderList } from '../proxy/header-list.ts'

/** An answer as it is kept; never changed, only replaced. Seconds where nothing else is said. */
export type StoredResponse = {
  /** Where it is kept: `entryId`. */
  id: string
  /** What it answers: `https://host/path?query`. */
  url: string
  /** Names of the fields that chose it. */
  vary: readonly string[]
  status: number
  reason: string
  /** Flat, without framing and what must not be kept; Content-Length and Age are made anew. */
  headers: readonly string[]
  body: Buffer
  /** What part of the whole `body` is, of a 206. */
  range: StoredRange | null
  /** Wall clock, milliseconds. */
  receivedMs: number
  initialAge: number
  lifetime: number
  /** How long beyond its lifetime it may be used, and on what condition. */
  staleWhileRevalidate: number
  staleIfError: number
  staleIfUnreachable: number
  /** How long beyond its lifetime a client may ask for it by `max-stale`. */
  staleOnRequest: number
  /** Never without asking the service first (`no-cache`). */
  alwaysValidate: boolean
  /** When it is of no use any more, wall clock, milliseconds. */
  keepUntilMs: number
  etag: string | null
  lastModified: string | null
  /** Groups by which it can be purged. */
  tags: readonly string[]
}

export type StoredRange = {
  first: number
  last: number
  /** Length of the whole; null when the service did not know. */
  total: number | null
}

/** A request as the cache sees it. */
export type CacheRequest = {
  method: string
  url: string
  headers: HeaderList
  /** What tells answers to one URL apart beside its own fields: route and consumer. */
  realm: string
}

/** One answer of those to a URL: by realm, by the fields that chose it, whole or a part. */
export const entryId = (
  request: CacheRequest,
  vary: readonly string[],
  secondary: string,
  partial: boolean,
): string =>
  `${request.url}\n${request.realm}\n${vary.join(',')}\n${partial ? 'part' : 'whole'}\n${secondary}`

/** Bytes it takes in memory, about: strings are counted as two bytes a character at most. */
export const sizeOf = (stored: StoredResponse): number => {
  let characters = stored.id.length + stored.url.length
  for (const text of stored.headers) characters += text.length
  for (const tag of stored.tags) characters += tag.length
  return stored.body.length + 2 * characters + 512
}
