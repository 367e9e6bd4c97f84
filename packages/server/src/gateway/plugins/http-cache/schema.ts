import { Type, type Static } from 'typebox'
import { redisSettings } from '../../redis/index.ts'
import { nullable } from '../access-fields.ts'

const seconds = (defaultSeconds: number, description: string) =>
  Type.Integer({ default: defaultSeconds, minimum: 0, maximum: 2_147_483_647, description })

const bytes = (defaultBytes: number, description: string) =>
  Type.Integer({ default: defaultBytes, minimum: 1024, description })

const mebibyte = 1024 * 1024

export const schema = Type.Object(
  {
    cache: Type.String({
      default: 'default',
      pattern: '^[A-Za-z0-9_-]{1,64}$',
      description: 'Name of the cache. Plugins with the same name and the same stores share one.',
    }),
    memory_bytes: bytes(64 * mebibyte, 'What answers may take of memory; workers share it evenly.'),
    disk_folder: nullable(
      Type.String({ minLength: 1 }),
      'A folder that keeps answers over restarts.',
    ),
    disk_bytes: bytes(
      1024 * mebibyte,
      'What answers may take in that folder; workers share it evenly.',
    ),
    shared: Type.Boolean({
      default: false,
      description:
        'Share answers with other hosts through `redis`; without Redis each has its own.',
    }),
    redis: redisSettings,
    redis_prefix: Type.String({
      default: 'keelson-cache',
      pattern: '^[A-Za-z0-9_:-]{1,64}$',
      description: 'Begin of all keys in Redis; the name of the cache follows.',
    }),
    redis_max_body_bytes: bytes(mebibyte, 'Larger bodies are not put into Redis.'),
    max_body_bytes: bytes(8 * mebibyte, 'Answers with larger bodies are not kept.'),
    heuristic_fraction: Type.Number({
      default: 0.1,
      minimum: 0,
      maximum: 1,
      description:
        'Answers that only tell when they were modified are fresh for this share of the time since. 0 is off.',
    }),
    heuristic_max: seconds(86_400, 'At most so many seconds.'),
    stale_while_revalidate: seconds(
      0,
      'Seconds for which a stale answer is served while the service is asked, where the answer does not tell.',
    ),
    stale_if_error: seconds(
      0,
      'Seconds for which a stale answer stands in for a 5xx, where the answer does not tell.',
    ),
    stale_if_unreachable: seconds(
      3600,
      'Seconds for which a stale answer stands in when no answer comes, unless it forbids that.',
    ),
    keep_stale: seconds(86_400, 'Seconds for which a stale answer is kept to be validated.'),
    honour_request_directives: Type.Boolean({
      default: true,
      description: 'Cache-Control of clients counts; otherwise they cannot get past the cache.',
    }),
    targets: Type.Array(Type.String({ pattern: '^[A-Za-z0-9-]+$' }), {
      default: ['CDN-Cache-Control', 'Surrogate-Control'],
      description: 'Fields that are heard before Cache-Control (RFC 9213), the first one first.',
    }),
    store_set_cookie: Type.Boolean({
      default: false,
      description: 'Keep answers with Set-Cookie if they say how long they are fresh.',
    }),
    collapse: Type.Boolean({
      default: true,
      description: 'One request to the service at a time for the same answer; others wait for it.',
    }),
    collapse_max_waiters: Type.Integer({
      default: 1000,
      minimum: 1,
      description: 'More do not wait but ask for themselves.',
    }),
    collapse_max_wait: Type.Integer({
      default: 10_000,
      minimum: 1,
      description: 'Milliseconds; then they ask for themselves.',
    }),
    cache_status: Type.Boolean({
      default: true,
      description: 'Tell in Cache-Status what the cache did (RFC 9211).',
    }),
  },
  { additionalProperties: false },
)

export type HttpCacheConfig = Static<typeof schema>
