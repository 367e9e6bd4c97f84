import type { GatewayAnswer } from '../plugins/plugin.ts'
import { clientHasIt, rangeStillMeant } from './conditions.ts'
import { fieldsWhere } from './fields.ts'
import { currentAge } from './freshness.ts'
import { requestedSpan, type Span } from './range.ts'
import type { CacheRequest, StoredResponse } from './stored-response.ts'

/**
 * The answer to a request from the store (RFC 9111 4): 304 when the client has it, 206 or 416
 * for a range, without a body for HEAD, with its Age.
 */
export const answerFrom = (
  request: CacheRequest,
  stored: StoredResponse,
  nowMs: number,
): GatewayAnswer => {
  const age = ['Age', String(currentAge(stored, nowMs))]
  if (stored.status === 200 && clientHasIt(request.headers, stored)) {
    return { status: 304, headers: [...notModifiedFields(stored.headers), ...age] }
  }
  if (request.method === 'HEAD') {
    const length = ['Content-Length', String(stored.body.length)]
    return { status: stored.status, headers: [...stored.headers, ...length, ...age], body: null }
  }
  const span = spanOf(request, stored)
  if (span === 'whole') {
    return { status: stored.status, headers: [...stored.headers, ...age], body: stored.body }
  }
  const total = stored.range?.total ?? stored.body.length
  if (span === 'unsatisfiable') {
    return { status: 416, headers: ['Content-Range', `bytes */${total}`, ...age], body: null }
  }
  const from = stored.range?.first ?? 0
  return {
    status: 206,
    headers: [
      ...fieldsWhere(stored.headers, (name) => name !== 'content-range'),
      'Content-Range',
      `bytes ${span.first}-${span.last}/${total}`,
      ...age,
    ],
    body: stored.body.subarray(span.first - from, span.last + 1 - from),
  }
}

const spanOf = (
  request: CacheRequest,
  stored: StoredResponse,
): Span | 'whole' | 'unsatisfiable' => {
  if (stored.status !== 200 && stored.status !== 206) return 'whole'
  const wanted = request.headers.get('range')
  if (wanted === undefined || !rangeStillMeant(request.headers, stored)) return 'whole'
  return requestedSpan(wanted, stored.range?.total ?? stored.body.length)
}

/** What describes a body that is not sent has no place in a 304 (RFC 9110 15.4.5). */
const notModifiedFields = (headers: readonly string[]): string[] =>
  fieldsWhere(headers, (name) => !name.startsWith('content-') || name === 'content-location')
