import { HeaderList } from '../proxy/header-list.ts'
import type { Exchanged } from './freshness.ts'
import { formatHttpDate } from './http-date.ts'
import type { CachePolicy } from './policy.ts'
import { storableHead } from './storable.ts'
import type { CacheRequest, StoredResponse } from './stored-response.ts'

/**
 * What an answer without a body must not change, as the stored body depends on it (RFC 9111
 * 3.2): how it is coded, how long it is, which part it is, and the tag it is known by.
 */
const boundToBody = new Set([
  'content-encoding',
  'content-length',
  'content-md5',
  'content-range',
  'content-digest',
  'repr-digest',
  'etag',
])

/**
 * The stored answer with the fields of a 304, or of the answer to HEAD (RFC 9111 3.2, 4.3.4), and
 * whether it may be kept any longer. `request` is the one that stored or validated it.
 */
export const freshened = (
  request: CacheRequest,
  stored: StoredResponse,
  update: HeaderList,
  exchanged: Exchanged,
  policy: CachePolicy,
): { response: StoredResponse; keep: boolean } => {
  const headers = merged(stored.headers, dated(update, exchanged.receivedMs))
  const { status, reason, body } = stored
  const answer = { status, reason, headers: new HeaderList(headers) }
  const head = storableHead(request, answer, exchanged, policy)
  return typeof head === 'string'
    ? {
        response: { ...stored, headers, receivedMs: exchanged.receivedMs, initialAge: 0 },
        keep: false,
      }
    : { response: { ...head, body }, keep: true }
}

/** Without a date of its own it is from now, not from when the stored answer was made. */
const dated = (update: HeaderList, receivedMs: number): HeaderList =>
  update.has('date') ? update : new HeaderList([...update.raw, 'Date', formatHttpDate(receivedMs)])

/** Names the update has replace all stored fields of that name. */
const merged = (stored: readonly string[], update: HeaderList): string[] => {
  const replaced = new Set<string>()
  for (const [name] of update) {
    const lower = name.toLowerCase()
    if (!boundToBody.has(lower)) replaced.add(lower)
  }
  const fields: string[] = []
  for (let at = 0; at + 1 < stored.length; at += 2) {
    const name = stored[at] ?? ''
    if (!replaced.has(name.toLowerCase())) fields.push(name, stored[at + 1] ?? '')
  }
  for (const [name, value] of update) {
    if (replaced.has(name.toLowerCase())) fields.push(name, value)
  }
  return fields
}

/** Whether the answer to HEAD speaks of what is stored (RFC 9111 4.3.5); otherwise it is outdated. */
export const headMatches = (stored: StoredResponse, status: number, head: HeaderList): boolean => {
  if (status !== stored.status) return false
  const etag = head.get('etag')
  const modified = head.get('last-modified')
  const length = head.get('content-length')
  if (etag !== undefined && etag !== stored.etag) return false
  if (modified !== undefined && modified !== stored.lastModified) return false
  return length === undefined || Number(length) === stored.body.length
}
