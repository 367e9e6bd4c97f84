import { Type, type Static } from 'typebox'

const expression = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, description }))

const expressions = (description: string) =>
  Type.Record(Type.String({ pattern: '^[A-Za-z0-9_.-]+$' }), Type.String({ minLength: 1 }), {
    default: {},
    description,
  })

export const schema = Type.Object(
  {
    request: Type.Object(
      {
        when: expression('Only requests for which this is true are changed.'),
        method: expression('Method of the request to the service.'),
        path: expression('Path of the request to the service.'),
        query: expressions('Parameters of the query; null takes one away.'),
        headers: expressions('Header fields; null takes one away.'),
        body: expression('Body: a text as it is, everything else as JSON; null leaves it.'),
      },
      { additionalProperties: false, default: {}, description: 'What becomes of requests.' },
    ),
    response: Type.Object(
      {
        when: expression('Only answers for which this is true are changed.'),
        status: expression('Status of the answer.'),
        headers: expressions('Header fields; null takes one away.'),
        body: expression('Body: a text as it is, everything else as JSON; null leaves it.'),
      },
      { additionalProperties: false, default: {}, description: 'What becomes of answers.' },
    ),
    max_body_size: Type.Integer({
      default: 1_048_576,
      minimum: 0,
      maximum: 16_777_216,
      description: 'Bytes; expressions see no larger body, and do not change it.',
    }),
  },
  { additionalProperties: false },
)

export type TransformConfig = Static<typeof schema>
