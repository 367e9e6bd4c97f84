import { Type, type Static } from 'typebox'

/** Where a Redis is, in Kong's fields (kong/tools/redis/schema.lua). */
export const redisSettings = Type.Object(
  {
    host: Type.Optional(Type.String({ description: 'Host name or address of the Redis server.' })),
    port: Type.Integer({ default: 6379, minimum: 0, maximum: 65535, description: 'Its port.' }),
    timeout: Type.Integer({
      default: 2000,
      minimum: 1,
      maximum: 2_147_483_646,
      description: 'Milliseconds to connect, and for one command.',
    }),
    username: Type.Optional(
      Type.String({ description: 'User of the access control list; none before Redis 6.' }),
    ),
    password: Type.Optional(Type.String({ description: 'Sent with AUTH when it is set.' })),
    database: Type.Integer({ default: 0, minimum: 0, description: 'Number of the database.' }),
    ssl: Type.Boolean({ default: false, description: 'Speak TLS.' }),
    ssl_verify: Type.Boolean({ default: false, description: 'Verify the certificate.' }),
    server_name: Type.Optional(Type.String({ description: 'Name for SNI and verification.' })),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'The Redis server of the policy `redis`.',
  },
)

/** Of plugins that count: where, and what becomes of requests without Redis. */
export const countingFields = {
  policy: Type.Enum(['local', 'redis'], {
    default: 'local',
    description: '`local` counts in the memory of this host, `redis` over all hosts.',
  }),
  fault_tolerant: Type.Boolean({
    default: true,
    description: 'Without Redis: count on each host and go on. Otherwise requests get 500.',
  }),
  redis: redisSettings,
}

export type RedisSettings = Static<typeof redisSettings>
