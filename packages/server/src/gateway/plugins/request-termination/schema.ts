import { Type, type Static } from 'typebox'

export const schema = Type.Object(
  {
    status_code: Type.Integer({
      default: 503,
      minimum: 100,
      maximum: 599,
      description: 'Status of the answer.',
    }),
    message: Type.Optional(
      Type.String({ description: 'Sent as `{"message": …}`; each status has one of its own.' }),
    ),
    content_type: Type.Optional(Type.String({ description: 'Media type of `body`.' })),
    body: Type.Optional(Type.String({ description: 'Sent as it is, instead of a message.' })),
    echo: Type.Boolean({
      default: false,
      description: 'Answer with a copy of the request, for finding faults.',
    }),
    trigger: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]+$',
        description: 'Only requests with this header field or query parameter are answered.',
      }),
    ),
  },
  { additionalProperties: false },
)

export type RequestTerminationConfig = Static<typeof schema>
