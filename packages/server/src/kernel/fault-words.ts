import type { TSchema } from 'typebox'

/** As the validator tells it; `schemaPath` leads to the schema that was not met. */
export type RawFault = {
  keyword: string
  instancePath: string
  schemaPath: string
  params: object
  message: string
}

/** `isPlain`: whoever reads it needs no schema to mend it. */
export type Fault = { instancePath: string; message?: string; isPlain?: boolean }

/** The one place where what a schema asks for becomes a sentence for people. */
export const faultsIn = (schema: TSchema, raw: readonly RawFault[]): Fault[] =>
  withoutAlternatives(raw).map((fault) => {
    const { instancePath, message } = fault
    const words = wordsOf(schemaAt(schema, fault.schemaPath), fault)
    return words === undefined
      ? { instancePath, message }
      : { instancePath, message: words, isPlain: true }
  })

/** Of a value that may be null, nobody needs to be told so beside what is wrong with it. */
const withoutAlternatives = (faults: readonly RawFault[]): readonly RawFault[] => {
  const isAlternative = ({ keyword, params }: RawFault): boolean =>
    keyword === 'anyOf' || (keyword === 'type' && (params as { type?: unknown }).type === 'null')
  const told = new Set(
    faults.filter((fault) => !isAlternative(fault)).map(({ instancePath }) => instancePath),
  )
  return faults.filter((fault) => !isAlternative(fault) || !told.has(fault.instancePath))
}

const schemaAt = (schema: TSchema, path: string): unknown =>
  path
    .split('/')
    .slice(1)
    .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], schema)

/** More than these are not read; the schema says then where they are listed. */
const valuesMax = 12

const ownWords = new Set(['pattern', 'enum', 'minLength', 'minProperties'])
const sizes = new Set(['minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems'])

/** Its own words (`x-fault` of the schema), or those of a rule that needs no more to be mended. */
const wordsOf = (schema: unknown, { keyword, params, message }: RawFault): string | undefined => {
  const { 'x-fault': own } = (schema ?? {}) as { 'x-fault'?: unknown }
  if (typeof own === 'string' && ownWords.has(keyword)) return own
  if (sizes.has(keyword)) return message
  const { allowedValues, format } = params as { allowedValues?: unknown; format?: unknown }
  if (keyword === 'enum' && Array.isArray(allowedValues) && allowedValues.length <= valuesMax) {
    return `must be one of: ${allowedValues.join(', ')}`
  }
  return keyword === 'format' && typeof format === 'string' ? formats.get(format) : undefined
}

const formats = new Map([
  ['date-time', 'must be a time such as 2026-01-31T12:00:00Z'],
  ['email', 'must be an e-mail address'],
])
