import { Type, type Static } from 'typebox'

const entries = (description: string) =>
  Type.Array(Type.String({ minLength: 1 }), { default: [], description })

const group = (what: string) => ({
  headers: entries(`${what} header fields.`),
  querystring: entries(`${what} parameters of the query.`),
  body: entries(`${what} fields of a JSON, form or multipart body.`),
})

const changes = (what: string) =>
  Type.Object(group(what), { additionalProperties: false, default: {}, description: what })

export const schema = Type.Object(
  {
    http_method: Type.Optional(
      Type.String({ pattern: '^[A-Z]+$', description: 'Method of the request to the service.' }),
    ),
    remove: changes('Names to remove:'),
    rename: changes('`old:new`, of what is there:'),
    replace: Type.Object(
      {
        ...group('`name:value`, of what is there:'),
        uri: Type.Optional(
          Type.String({ description: 'Path of the request to the service; may be a template.' }),
        ),
      },
      { additionalProperties: false, default: {}, description: '`name:value`, of what is there.' },
    ),
    add: changes('`name:value`, of what is not there:'),
    append: changes('`name:value`, beside what is there:'),
  },
  { additionalProperties: false },
)

export type RequestTransformerConfig = Static<typeof schema>
