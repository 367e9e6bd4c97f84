import { Type, type Static } from 'typebox'
import { countingFields } from '../../redis/index.ts'

const limit = (period: string) =>
  Type.Optional(Type.Number({ exclusiveMinimum: 0, description: `Units per ${period}.` }))

export const schema = Type.Object(
  {
    header_name: Type.String({
      default: 'x-kong-limit',
      pattern: '^[A-Za-z0-9_-]+$',
      description: 'Field of the service’s answer that says what it used: `videos=2, images=1`.',
    }),
    limit_by: Type.Enum(['consumer', 'credential', 'ip'], {
      default: 'consumer',
      description:
        'What is counted; where there is none, the address of the client is (of IPv6 its /64).',
    }),
    ...countingFields,
    block_on_first_violation: Type.Boolean({
      default: false,
      description: 'Refuse every request as soon as one of the limits is used up.',
    }),
    hide_client_headers: Type.Boolean({
      default: false,
      description: 'Leave out the header fields that tell limits.',
    }),
    limits: Type.Record(
      Type.String(),
      Type.Object(
        {
          second: limit('second'),
          minute: limit('minute'),
          hour: limit('hour'),
          day: limit('day'),
          month: limit('month'),
          year: limit('year'),
        },
        { additionalProperties: false },
      ),
      { minProperties: 1, description: 'Names of the service’s own choice, each with its limits.' },
    ),
  },
  { additionalProperties: false },
)

export type ResponseRateLimitingConfig = Static<typeof schema>
