import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import Format from 'typebox/format'
import { Value } from 'typebox/value'
import { faultsIn, type Fault } from './fault-words.ts'

// RFC 3339, as every time in the API is written.
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/
/** What `Date.parse` takes for a day of the next month is none: 30 February. */
const isDay = (day: string): boolean => new Date(Date.parse(day)).toISOString().startsWith(day)
Format.Set(
  'date-time',
  (value) => dateTime.test(value) && !Number.isNaN(Date.parse(value)) && isDay(value.slice(0, 10)),
)

const faultsMax = 50

/**
 * Bodies are taken as they are; path and query arrive as text, so numbers and booleans are read
 * from it and defaults filled in. A schema is compiled with its first request: of all of them the
 * most are for rare requests, and their code would be some megabytes of a process that waits.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  let known: ReturnType<typeof Compile> | undefined
  return (given: unknown) => {
    const compiled = (known ??= Compile(schema))
    const repeated = httpPart === 'querystring' ? repeatedIn(schema, given) : []
    if (repeated.length > 0) return refusal(repeated, httpPart)
    const value =
      httpPart === 'body' ? given : Value.Convert(schema, Value.Default(schema, given ?? {}))
    if (compiled.Check(value)) return { value }
    return refusal(faultsIn(schema, compiled.Errors(value).slice(0, faultsMax)), httpPart)
  }
}

const refusal = (faults: readonly Fault[], httpPart: string | undefined) => ({
  error: Object.assign(new Error('invalid'), {
    validation: faults,
    validationContext: httpPart ?? 'body',
  }),
})

/** Of `?a=1&a=2` one reader takes the first and another the last: where one is wanted, one is taken. */
const repeatedIn = (schema: TSchema, given: unknown): Fault[] => {
  const { properties = {} } = schema as { properties?: Record<string, { type?: unknown }> }
  return Object.entries((given ?? {}) as Record<string, unknown>)
    .filter(([name, value]) => Array.isArray(value) && properties[name]?.type !== 'array')
    .map(([name, value]) => ({
      instancePath: `/${name}`,
      message: `is there ${(value as unknown[]).length} times, and may be there once`,
    }))
    .slice(0, faultsMax)
}
