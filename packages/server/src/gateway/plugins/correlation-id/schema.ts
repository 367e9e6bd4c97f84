import { Type, type Static } from 'typebox'

export const schema = Type.Object(
  {
    header_name: Type.String({
      default: 'Kong-Request-ID',
      pattern: '^[A-Za-z0-9_-]+$',
      description: 'Field that carries the id.',
    }),
    generator: Type.Enum(['uuid', 'uuid#counter', 'tracker'], {
      default: 'uuid#counter',
      description:
        'How an id is made: a new UUID each time; one UUID of this process with a counter; or address, port, process, connection and time.',
    }),
    echo_downstream: Type.Boolean({
      default: false,
      description: 'Send the id back to the client, too.',
    }),
  },
  { additionalProperties: false },
)

export type CorrelationIdConfig = Static<typeof schema>
