import { Type, type Static } from 'typebox'

export const schema = Type.Object(
  {
    status: Type.Integer({
      default: 200,
      minimum: 200,
      maximum: 599,
      description: 'Status of the answer.',
    }),
    headers: Type.Record(Type.String({ pattern: '^[A-Za-z0-9_-]+$' }), Type.String(), {
      default: {},
      description: 'Header fields of the answer.',
    }),
    body: Type.Optional(Type.String({ description: 'Body of the answer.' })),
    content_type: Type.String({
      default: 'application/json',
      description: 'Media type of `body`.',
    }),
    openapi: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'OpenAPI document, 3.0 or 3.1, whose examples are the answers.',
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
    delay_ms: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 60_000,
      description: 'Milliseconds before the answer.',
    }),
  },
  { additionalProperties: false },
)

export type MockConfig = Static<typeof schema>
