import type { TLocalizedValidationError } from 'typebox/error'
import type { ConfigPath } from '../faults.ts'
import type { ShapeFault } from './shape-fault.ts'

/** Says in sentences what a validator found; one for each place, whatever it found there. */
export const explainErrors = (
  errors: readonly TLocalizedValidationError[],
  value: unknown,
): readonly ShapeFault[] => {
  const byPlace = Map.groupBy(errors, ({ instancePath }) => instancePath)
  return [...byPlace].flatMap(([pointer, found]) => {
    const path = toPath(pointer, value)
    return explain(found, path, memberAt(value, path))
  })
}

const toPath = (pointer: string, value: unknown): ConfigPath => {
  let here = value
  return pointer
    .split('/')
    .slice(1)
    .map((step) => {
      const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
      const key = Array.isArray(here) ? Number(name) : name
      here = memberAt(here, [key])
      return key
    })
}

const memberAt = (value: unknown, path: ConfigPath): unknown => {
  let here = value
  for (const step of path)
    here = (here as Record<string | number, unknown> | null | undefined)?.[step]
  return here
}

type Params = {
  requiredProperties?: readonly string[]
  allowedValue?: unknown
  allowedValues?: readonly unknown[]
  type?: string | readonly string[]
  limit?: number
  comparison?: string
  pattern?: unknown
  format?: string
}

const explain = (
  errors: readonly TLocalizedValidationError[],
  path: ConfigPath,
  given: unknown,
): readonly ShapeFault[] => {
  const params = errors.map((error) => ({
    keyword: error.keyword as string,
    ...(error.params as Params),
  }))
  const missing = params.flatMap(({ requiredProperties }) => requiredProperties ?? [])
  if (missing.length > 0) {
    return missing.map((name) => ({ path, message: `${labelOf([...path, name])} is missing.` }))
  }
  const label = labelOf(path)
  const allowed = params.flatMap(({ keyword, allowedValue, allowedValues }) =>
    keyword === 'const' ? [allowedValue] : (allowedValues ?? []),
  )
  const types = params.flatMap(({ keyword, type }) =>
    keyword === 'type' && type !== undefined ? type : [],
  )
  const isOfType = !types.some((type) => type !== 'null' && !fits(type, given))
  if (allowed.length > 0) {
    return [
      { path, message: `${label} is ${shown(given)}; it can be ${listed(allowed.map(shown))}.` },
    ]
  }
  if (types.length > 0 && !isOfType) {
    const names = [
      ...new Set(types.filter((type) => type !== 'null').map((type) => nameOf[type] ?? type)),
    ]
    const hint = hintFor(types, given)
    return [
      { path, message: `${label} is ${kindOf(given)}; it must be ${listed(names)}.`, ...hint },
    ]
  }
  const rule = params.map((one) => ruleOf(one, given)).find((text) => text !== undefined)
  const problem = rule ?? errors[0]?.message ?? 'does not fit'
  return [{ path, message: `${label} ${problem}.` }]
}

const labelOf = (path: ConfigPath): string => {
  const text = path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`))
    .join('')
  return text === '' ? 'The value' : text
}

const ruleOf = (params: Params & { keyword: string }, given: unknown): string | undefined => {
  const { keyword, limit, pattern, format } = params
  switch (keyword) {
    case 'minimum':
      return `is ${shown(given)}; it must be at least ${limit}`
    case 'maximum':
      return `is ${shown(given)}; it must be at most ${limit}`
    case 'exclusiveMinimum':
      return `is ${shown(given)}; it must be more than ${limit}`
    case 'exclusiveMaximum':
      return `is ${shown(given)}; it must be less than ${limit}`
    case 'minLength':
      return limit === 1 ? 'is empty' : `must have at least ${limit} characters`
    case 'maxLength':
      return `must have at most ${limit} characters`
    case 'minItems':
      return `must have at least ${limit} ${limit === 1 ? 'entry' : 'entries'}`
    case 'maxItems':
      return `must have at most ${limit} entries`
    case 'uniqueItems':
      return 'names something twice'
    case 'pattern':
      return `does not have the form ${String(pattern)}`
    case 'format':
      return `is not a valid ${format}`
    default:
      return undefined
  }
}

const nameOf: Readonly<Record<string, string>> = {
  ...{ string: 'a text', integer: 'a whole number', number: 'a number', boolean: 'true or false' },
  ...{ array: 'a list', object: 'a map', null: 'nothing' },
}

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'empty'
  if (typeof value === 'number') return `the number ${value}`
  if (typeof value === 'boolean') return `${value}`
  return nameOf[Array.isArray(value) ? 'array' : typeof value] ?? typeof value
}

const fits = (type: string, value: unknown): boolean => {
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

/** Quotes are what people get wrong with YAML's scalars. */
const hintFor = (types: readonly string[], given: unknown): { hint?: string } => {
  const isScalar = typeof given === 'number' || typeof given === 'boolean'
  if (types.includes('string') && isScalar) return { hint: `Write it in quotes: "${given}".` }
  const isNumber = types.includes('integer') || types.includes('number')
  if (
    isNumber &&
    typeof given === 'string' &&
    given.trim() !== '' &&
    !Number.isNaN(Number(given))
  ) {
    return { hint: 'Write it without quotes.' }
  }
  return types.includes('array') && typeof given !== 'object'
    ? { hint: 'Write it as a list: [x].' }
    : {}
}

const shownLengthMax = 80

const shown = (value: unknown): string => {
  if (typeof value === 'object' && value !== null) return kindOf(value)
  if (value === undefined) return 'missing'
  const text = JSON.stringify(value) ?? 'missing'
  return text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
