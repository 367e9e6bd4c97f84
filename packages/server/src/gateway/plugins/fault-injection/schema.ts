import { Type, type Static } from 'typebox'

const percent = (what: string) =>
  Type.Number({
    default: 100,
    minimum: 0,
    maximum: 100,
    description: `Percent of requests ${what}.`,
  })

export const schema = Type.Object(
  {
    abort: Type.Optional(
      Type.Object(
        {
          percent: percent('that are answered with a fault'),
          status: Type.Integer({
            default: 503,
            minimum: 200,
            maximum: 599,
            description: 'Status of the answer.',
          }),
          message: Type.String({ default: 'Injected fault', description: 'What the answer says.' }),
        },
        { additionalProperties: false, description: 'Answers in place of the service.' },
      ),
    ),
    delay: Type.Optional(
      Type.Object(
        {
          percent: percent('that wait'),
          ms: Type.Integer({ minimum: 1, maximum: 600_000, description: 'Milliseconds.' }),
        },
        { additionalProperties: false, description: 'Holds requests up before anything else.' },
      ),
    ),
    only_with_header: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]+$',
        description: 'Only requests with this header field get faults.',
      }),
    ),
    max_delayed: Type.Integer({
      default: 1000,
      minimum: 1,
      description: 'Requests that wait at once; more go on without a delay.',
    }),
  },
  { additionalProperties: false },
)

export type FaultInjectionConfig = Static<typeof schema>
