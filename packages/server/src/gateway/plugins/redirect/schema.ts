import { Type, type Static } from 'typebox'

export const schema = Type.Object(
  {
    status_code: Type.Integer({
      default: 301,
      minimum: 100,
      maximum: 599,
      description: 'Status of the answer.',
    }),
    location: Type.String({ minLength: 1, description: 'URL that clients are sent to.' }),
    keep_incoming_path: Type.Boolean({
      default: false,
      description: 'Take path and query from the request instead of `location`.',
    }),
  },
  { additionalProperties: false },
)

export type RedirectConfig = Static<typeof schema>
