import { Type, type Static } from 'typebox'
import { countingFields } from '../../redis/index.ts'

const limit = (period: string) =>
  Type.Optional(
    Type.Number({ exclusiveMinimum: 0, description: `Requests that may be made per ${period}.` }),
  )

const limitKinds = ['consumer', 'credential', 'ip', 'service', 'header', 'path'] as const

export const schema = Type.Object(
  {
    second: limit('second'),
    minute: limit('minute'),
    hour: limit('hour'),
    day: limit('day'),
    month: limit('month'),
    year: limit('year'),
    limit_by: Type.Enum(limitKinds, {
      default: 'consumer',
      description:
        'What is counted; where there is none, the address of the client is (of IPv6 its /64).',
    }),
    header_name: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]+$', description: 'With `limit_by: header`.' }),
    ),
    path: Type.Optional(Type.String({ pattern: '^/', description: 'With `limit_by: path`.' })),
    ...countingFields,
    hide_client_headers: Type.Boolean({
      default: false,
      description: 'Leave out the header fields that tell limits.',
    }),
    error_code: Type.Integer({
      default: 429,
      minimum: 100,
      maximum: 599,
      description: 'Status of a refused request.',
    }),
    error_message: Type.String({
      default: 'API rate limit exceeded',
      description: 'Message of a refused request.',
    }),
    sync_rate: Type.Number({
      default: -1,
      description: 'Seconds between two meetings with Redis; -1 asks it for every request.',
    }),
  },
  { additionalProperties: false },
)

export type RateLimitingConfig = Static<typeof schema>
