import { Type, type Static } from 'typebox'
import { drafts } from './compile-schema.ts'

const jsonSchema = (what: string) =>
  Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), { description: `JSON Schema of ${what}.` }),
  )

export const schema = Type.Object(
  {
    body_schema: jsonSchema('the body, which must be JSON'),
    query_schema: jsonSchema('the parameters of the query, as an object'),
    header_schema: jsonSchema('the header fields, as an object with lower-case names'),
    draft: Type.Enum(drafts, {
      default: '2020-12',
      description: 'Draft of JSON Schema in which these are written.',
    }),
    openapi: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'OpenAPI document, 3.0 or 3.1, that says what requests look like.',
      }),
    ),
    openapi_file: Type.Optional(
      Type.String({ minLength: 1, description: 'The same as a file, JSON or YAML.' }),
    ),
    base_path: Type.String({
      default: '',
      pattern: '^(/.*)?$',
      description: 'What comes before the paths of the document.',
    }),
    unknown_operations: Type.Enum(['refuse', 'pass'], {
      default: 'refuse',
      description: 'What becomes of paths (404) and methods (405) that the document does not have.',
    }),
    max_body_size: Type.Integer({
      default: 1_048_576,
      minimum: 0,
      maximum: 67_108_864,
      description: 'Bytes of body that are read; a larger one is refused with 413.',
    }),
    list_faults: Type.Boolean({
      default: true,
      description: 'Tell the client what is wrong, not only that something is.',
    }),
  },
  { additionalProperties: false },
)

export type RequestValidationConfig = Static<typeof schema>
