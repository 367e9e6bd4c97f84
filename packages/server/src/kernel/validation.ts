import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import Format from 'typebox/format'
import { Value } from 'typebox/value'

// RFC 3339, as every time in the API is written.
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/
Format.Set('date-time', (value) => dateTime.test(value) && !Number.isNaN(Date.parse(value)))

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
    const value =
      httpPart === 'body' ? given : Value.Convert(schema, Value.Default(schema, given ?? {}))
    if (compiled.Check(value)) return { value }
    const faults = compiled.Errors(value).slice(0, faultsMax)
    return {
      error: Object.assign(new Error('invalid'), {
        validation: faults,
        validationContext: httpPart ?? 'body',
      }),
    }
  }
}
