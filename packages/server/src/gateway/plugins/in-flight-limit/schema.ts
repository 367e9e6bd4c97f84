import { Type, type Static } from 'typebox'

export const schema = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, description: 'Requests at once.' }),
    limit_by: Type.Enum(['consumer', 'ip', 'header', 'service'], {
      default: 'ip',
      description:
        'What is counted; where there is none, the address of the client is (of IPv6 its /64).',
    }),
    header_name: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]+$', description: 'With `limit_by: header`.' }),
    ),
    error_code: Type.Enum([429, 503], {
      default: 429,
      description: 'Status of a refused request: the caller’s fault, or the service’s.',
    }),
    error_message: Type.String({
      default: 'Too many requests at once',
      description: 'Message of a refused request.',
    }),
  },
  { additionalProperties: false },
)

export type InFlightLimitConfig = Static<typeof schema>
