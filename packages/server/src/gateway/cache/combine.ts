import { fieldsWhere } from './fields.ts'
import { entryId, type CacheRequest, type StoredResponse } from './stored-response.ts'
import { secondaryKey } from './vary.ts'

/**
 * A stored part and one that has come, as one (RFC 9111 3.4): a larger part, or the whole when
 * nothing is missing any more. The one that came if they do not fit: only a strong validator says that
 * both are of the same thing, and there may be no hole between them.
 */
export const combined = (
  request: CacheRequest,
  stored: StoredResponse | undefined,
  fresh: StoredResponse,
  maxBytes: number,
): StoredResponse => {
  const one = stored?.range
  const other = fresh.range
  if (stored === undefined || !one || !other || other.total === null) return fresh
  const isSame = fresh.etag?.startsWith('"') === true && fresh.etag === stored.etag
  const touches = other.first <= one.last + 1 && one.first <= other.last + 1
  if (!isSame || one.total !== other.total || !touches) return fresh
  const first = Math.min(one.first, other.first)
  const last = Math.max(one.last, other.last)
  if (last + 1 - first > maxBytes) return fresh
  const body = Buffer.alloc(last + 1 - first)
  stored.body.copy(body, one.first - first)
  fresh.body.copy(body, other.first - first)
  if (body.length < other.total) {
    return { ...fresh, body, range: { first, last, total: other.total } }
  }
  return {
    ...fresh,
    ...{ body, range: null, status: 200, reason: 'OK' },
    headers: fieldsWhere(fresh.headers, (name) => name !== 'content-range'),
    id: entryId(request, fresh.vary, secondaryKey(fresh.vary, request.headers), false),
  }
}
