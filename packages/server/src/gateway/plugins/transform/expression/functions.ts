import { isRecord, longestText, textOf, type Value } from './values.ts'

export type Fn = { parameters: number; call: (a: Value, b: Value, c: Value) => Value }

const fn = (parameters: number, call: Fn['call']): Fn => ({ parameters, call })

/** None loops over more than what it is given, and none can fail: what cannot be done is null. */
export const functions: Readonly<Record<string, Fn>> = {
  lower: fn(1, (text) => textOf(text).toLowerCase()),
  upper: fn(1, (text) => textOf(text).toUpperCase()),
  trim: fn(1, (text) => textOf(text).trim()),
  text: fn(1, textOf),
  number: fn(1, (value) => {
    const number = textOf(value).trim() === '' ? Number.NaN : Number(textOf(value))
    return Number.isFinite(number) ? number : null
  }),
  round: fn(1, (value) => (typeof value === 'number' ? Math.round(value) : null)),
  length: fn(1, (value) => (Array.isArray(value) ? value.length : textOf(value).length)),
  contains: fn(2, (value, part) =>
    Array.isArray(value) ? value.includes(part) : textOf(value).includes(textOf(part)),
  ),
  starts: fn(2, (text, start) => textOf(text).startsWith(textOf(start))),
  ends: fn(2, (text, end) => textOf(text).endsWith(textOf(end))),
  slice: fn(3, (value, start, end) => {
    const from = typeof start === 'number' ? start : 0
    const to = typeof end === 'number' ? end : undefined
    return Array.isArray(value) ? value.slice(from, to) : textOf(value).slice(from, to)
  }),
  replace: fn(3, (text, part, by) => replaced(textOf(text), textOf(part), textOf(by))),
  split: fn(2, (text, separator) => textOf(text).split(textOf(separator))),
  join: fn(2, (list, separator) =>
    Array.isArray(list) ? joined(list.map(textOf), textOf(separator)) : null,
  ),
  keys: fn(1, (value) => (isRecord(value) ? Object.keys(value) : null)),
  merge: fn(2, (a, b) => {
    if (!isRecord(a) || !isRecord(b)) return null
    return Object.fromEntries([...Object.entries(a), ...Object.entries(b)])
  }),
  without: fn(2, (value, name) =>
    isRecord(value)
      ? Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))
      : null,
  ),
  json: fn(1, (text) => {
    try {
      return JSON.parse(textOf(text)) as Value
    } catch {
      return null
    }
  }),
}

/** Lengths are known before texts are made: the product of two texts of a client may be large. */
const joined = (parts: readonly string[], separator: string): string | null => {
  const length = parts.reduce((sum, part) => sum + part.length + separator.length, 0)
  return length > longestText ? null : parts.join(separator)
}

const replaced = (text: string, part: string, by: string): string | null =>
  part === '' ? text : joined(text.split(part), by)
