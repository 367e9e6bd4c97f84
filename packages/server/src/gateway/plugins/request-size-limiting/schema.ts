import { Type, type Static } from 'typebox'

export const schema = Type.Object(
  {
    allowed_payload_size: Type.Integer({
      default: 128,
      minimum: 0,
      description: 'Largest body of a request, in `size_unit`.',
    }),
    size_unit: Type.Enum(['megabytes', 'kilobytes', 'bytes'], {
      default: 'megabytes',
      description: 'A megabyte is 2^20 bytes here, a kilobyte 2^10.',
    }),
    require_content_length: Type.Boolean({
      default: false,
      description: 'Refuse requests that do not say how long they are.',
    }),
  },
  { additionalProperties: false },
)

export type RequestSizeLimitingConfig = Static<typeof schema>
