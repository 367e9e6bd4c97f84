import { Type, type Static } from 'typebox'

const entries = (description: string) =>
  Type.Array(Type.String({ minLength: 1 }), { default: [], description })

const pairs = (description: string) =>
  Type.Array(Type.String({ pattern: '^[^:]+:[\\s\\S]*$' }), { default: [], description })

const types = Type.Array(Type.Enum(['boolean', 'number', 'string']), {
  default: [],
  description: 'What each entry of `json` becomes, in the same order; text when left out.',
})

const values = (what: string) =>
  Type.Object(
    {
      json: pairs(`${what} fields of a JSON object.`),
      json_types: types,
      headers: pairs(`${what} header fields.`),
    },
    { additionalProperties: false, default: {}, description: what },
  )

export const schema = Type.Object(
  {
    remove: Type.Object(
      {
        json: entries('Fields of a JSON object.'),
        headers: entries('Header fields.'),
      },
      { additionalProperties: false, default: {}, description: 'Names to remove.' },
    ),
    rename: Type.Object(
      {
        json: pairs('Fields of a JSON object.'),
        headers: pairs('Header fields.'),
      },
      { additionalProperties: false, default: {}, description: '`old:new`, of what is there.' },
    ),
    replace: values('`name:value`, of what is there:'),
    add: values('`name:value`, of what is not there:'),
    append: values('`name:value`, beside what is there:'),
  },
  { additionalProperties: false },
)

export type ResponseTransformerConfig = Static<typeof schema>
