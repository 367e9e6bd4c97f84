import { Type, type Static } from 'typebox'
import { countingFields } from '../../redis/index.ts'

export const schema = Type.Object(
  {
    strategy: Type.Enum(['gcra', 'sliding-window'], {
      default: 'gcra',
      description:
        '`gcra` spreads requests evenly and lets bursts pass up to `burst`; `sliding-window` counts the last period.',
    }),
    limit: Type.Integer({ minimum: 1, description: 'Requests per period.' }),
    period: Type.Integer({
      default: 60,
      minimum: 1,
      maximum: 31_536_000,
      description: 'Seconds.',
    }),
    burst: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'With `gcra`: requests that may come at once; `limit` when left out.',
      }),
    ),
    limit_by: Type.Enum(['consumer', 'credential', 'ip', 'service', 'header', 'path'], {
      default: 'consumer',
      description:
        'What is counted; where there is none, the address of the client is (of IPv6 its /64).',
    }),
    header_name: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]+$', description: 'With `limit_by: header`.' }),
    ),
    path: Type.Optional(Type.String({ pattern: '^/', description: 'With `limit_by: path`.' })),
    ...countingFields,
    name: Type.String({
      default: 'default',
      pattern: '^[A-Za-z0-9_-]{1,64}$',
      description: 'Name of the policy in the header fields.',
    }),
    hide_client_headers: Type.Boolean({
      default: false,
      description: 'Leave out the header fields that tell limits.',
    }),
    error_code: Type.Integer({
      default: 429,
      minimum: 400,
      maximum: 599,
      description: 'Status of a refused request.',
    }),
    error_message: Type.String({
      default: 'API rate limit exceeded',
      description: 'Message of a refused request.',
    }),
  },
  { additionalProperties: false },
)

export type RateLimitConfig = Static<typeof schema>
