import type { StoredRange } from './stored-response.ts'

export type Span = { first: number; last: number }

/** `Content-Range` of a 206 with one part (RFC 9110 14.4); null for anything else. */
export const parseContentRange = (value: string | undefined): StoredRange | null => {
  const read = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(value?.trim() ?? '')
  if (read === null) return null
  const [, first, last, total] = read
  const range = {
    first: Number(first),
    last: Number(last),
    total: total === '*' ? null : Number(total),
  }
  if (range.first > range.last || (range.total !== null && range.last >= range.total)) return null
  return range
}

/**
 * The bytes a `Range` asks for of a whole of this length; 'whole' when it is to be ignored (other
 * units, several ranges, unreadable: RFC 9110 14.2), 'unsatisfiable' when there are none.
 */
export const requestedSpan = (value: string, length: number): Span | 'whole' | 'unsatisfiable' => {
  const read = /^bytes=\s*(\d{0,15})-(\d{0,15})$/i.exec(value.trim())
  if (read === null) return 'whole'
  const [, from = '', to = ''] = read
  if (from === '' && to === '') return 'whole'
  if (from === '') return suffix(Number(to), length)
  const first = Number(from)
  const last = to === '' ? length - 1 : Math.min(Number(to), length - 1)
  if (to !== '' && Number(to) < first) return 'whole'
  return first >= length ? 'unsatisfiable' : { first, last }
}

const suffix = (count: number, length: number): Span | 'unsatisfiable' =>
  count === 0 || length === 0
    ? 'unsatisfiable'
    : { first: Math.max(0, length - count), last: length - 1 }

/** Whether a stored part has all of these bytes. */
export const covers = (range: StoredRange, span: Span): boolean =>
  range.first <= span.first && span.last <= range.last
