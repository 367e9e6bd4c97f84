import { Ajv, type ErrorObject, type Options } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { isDeepStrictEqual } from 'node:util'
import { compileSafeRegex } from '../../proxy/router/safe-regex.ts'

export const drafts = ['draft-07', '2019-09', '2020-12'] as const
export type Draft = (typeof drafts)[number]

/** What is wrong with one part of a request. */
export type Fault = { in: string; path: string; message: string }

/** Everything that is wrong with a value, up to a bound; values of text are converted in place. */
export type Validate = (value: unknown) => Fault[]

export type SchemaCompiler = {
  /** Schemas can refer to it by this URI. */
  addDocument(uri: string, document: object): void
  /** `where`: `body`, `query`… Throws what is wrong with the schema. */
  compile(schema: object | boolean, where: string): Validate
}

const faultsMax = 20

/** `coerce`: for what comes as text. */
export const createCompiler = (draft: Draft, coerce: boolean): SchemaCompiler => {
  const ajv = ajvOf(draft, {
    allErrors: true,
    strict: false,
    validateSchema: false,
    coerceTypes: coerce ? 'array' : false,
    logger: false,
    code: { regExp: safeRegExp },
  })
  formats(ajv, { mode: 'fast' })
  // Its own compares each with each: a megabyte of `[[],[],…]` would hold the process for minutes.
  ajv.removeKeyword('uniqueItems')
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (isAsked: boolean, items: unknown[]) => !isAsked || areUnique(items),
    error: { message: 'must NOT have duplicate items' },
  })
  return {
    addDocument: (uri, document) => void ajv.addSchema(document, uri),
    compile: (schema, where) => {
      const check = ajv.compile(schema)
      return (value) => {
        try {
          if (check(value)) return []
        } catch (error) {
          // A schema that refers to itself follows a value as deep as it goes.
          if (!(error instanceof RangeError)) throw error
          return [{ in: where, path: '', message: 'is nested too deeply' }]
        }
        return (check.errors ?? []).slice(0, faultsMax).map((error) => faultOf(error, where))
      }
    },
  }
}

const ajvOf = (draft: Draft, options: Options): Ajv => {
  switch (draft) {
    case 'draft-07':
      return new Ajv(options)
    case '2019-09':
      return new Ajv2019(options)
    case '2020-12':
      return new Ajv2020(options)
  }
}

// The package is CommonJS: its default export is the module, whose `default` is the function.
const formats = addFormats as unknown as typeof addFormats.default

const faultOf = (error: ErrorObject, where: string): Fault => {
  const { missingProperty, additionalProperty } = error.params as Record<string, unknown>
  const extra = typeof additionalProperty === 'string' ? `: '${additionalProperty}'` : ''
  const missing = typeof missingProperty === 'string' ? `/${missingProperty}` : ''
  const message = missing === '' ? `${error.message ?? 'is not valid'}${extra}` : 'is missing'
  return { in: where, path: error.instancePath + missing, message }
}

/** Patterns are the user's and texts are the client's: never by V8, which may take for ever. */
const safeRegExp = Object.assign(
  (pattern: string) => {
    const regex = compileSafeRegex(pattern, { anchored: 'none' })
    return {
      test: (text: string): boolean => regex.test(text),
      // The compiler keeps patterns apart by this.
      toString: (): string => pattern,
    }
  },
  { code: 'compileSafeRegex' },
)

const areUnique = (items: readonly unknown[]): boolean => {
  const groups = new Map<unknown, unknown[]>()
  for (const item of items) {
    const isPlain = typeof item !== 'object' || item === null
    const key = isPlain ? item : `\0${JSON.stringify(sorted(item))}`
    const same = groups.get(key)
    if (same?.some((other) => isDeepStrictEqual(other, item)) === true) return false
    if (same === undefined) groups.set(key, [item])
  }
  return true
}

/** Objects are equal whatever the order of their fields. */
const sorted = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([name, part]) => [name, sorted(part)])
}
