/** Looks things up by name that are not worth copying into an object: header fields, a query. */
export class Lookup {
  readonly get: (name: string) => string | null

  constructor(get: (name: string) => string | null) {
    this.get = get
  }
}

export type Value = null | boolean | number | string | Value[] | { [name: string]: Value } | Lookup

export type Scope = Readonly<Record<string, () => Value>>

/** Texts that an expression makes; a longer one is null. */
export const longestText = 8 * 1024 * 1024

export const isRecord = (value: Value): value is { [name: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Lookup)

/** What is not there is null, and so is what is in it. */
export const memberOf = (value: Value, key: Value): Value => {
  if (value instanceof Lookup) return typeof key === 'string' ? value.get(key) : null
  if (Array.isArray(value)) {
    return typeof key === 'number' ? (value.at(key) ?? null) : null
  }
  if (!isRecord(value) || typeof key !== 'string') return null
  return Object.hasOwn(value, key) ? (value[key] ?? null) : null
}

export const isTrue = (value: Value): boolean =>
  value !== null && value !== false && value !== 0 && value !== ''

export const textOf = (value: Value): string => {
  if (value === null || value instanceof Lookup) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const bounded = (text: string): string | null => (text.length > longestText ? null : text)

const isEqual = (a: Value, b: Value): boolean =>
  typeof a === 'object' && typeof b === 'object' && a !== null && b !== null
    ? JSON.stringify(a) === JSON.stringify(b)
    : a === b

type Operator = (a: Value, b: Value) => Value

const onNumbers =
  (operate: (a: number, b: number) => number): Operator =>
  (a, b) => {
    if (typeof a !== 'number' || typeof b !== 'number') return null
    const result = operate(a, b)
    return Number.isFinite(result) ? result : null
  }

/** Numbers with numbers, texts with texts; anything else is not in order. */
const ordered =
  (holds: (order: number) => boolean): Operator =>
  (a, b) => {
    if (typeof a === 'number' && typeof b === 'number') return holds(a - b)
    if (typeof a !== 'string' || typeof b !== 'string') return false
    return holds(a < b ? -1 : Number(a > b))
  }

export const operators: Readonly<Record<string, Operator>> = {
  '+': (a, b) =>
    typeof a === 'string' || typeof b === 'string'
      ? bounded(textOf(a) + textOf(b))
      : onNumbers((x, y) => x + y)(a, b),
  '-': onNumbers((a, b) => a - b),
  '*': onNumbers((a, b) => a * b),
  '/': onNumbers((a, b) => a / b),
  '%': onNumbers((a, b) => a % b),
  '==': isEqual,
  '!=': (a, b) => !isEqual(a, b),
  '<': ordered((order) => order < 0),
  '<=': ordered((order) => order <= 0),
  '>': ordered((order) => order > 0),
  '>=': ordered((order) => order >= 0),
}
