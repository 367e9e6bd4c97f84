import { Type, type Static } from 'typebox'
import { config, flag, list, nullable, oneOf } from '../access-fields.ts'

const methods = ['HEAD', 'GET', 'POST', 'PATCH', 'PUT'] as const

export const schema = config({
  response_code: Type.Array(Type.Integer({ minimum: 100, maximum: 900 }), {
    default: [200, 301, 404],
    minItems: 1,
    description: 'Statuses of answers that are kept.',
  }),
  request_method: list(oneOf(methods), ['GET', 'HEAD'], 'Methods whose answers are kept.'),
  content_type: list(
    Type.String(),
    ['text/plain', 'application/json'],
    'Media types of answers that are kept; parameters have to be the same, `*/*` is any.',
  ),
  cache_ttl: Type.Integer({
    default: 300,
    exclusiveMinimum: 0,
    description: 'Seconds for which a kept answer is served.',
  }),
  strategy: oneOf(['memory'], { description: 'Where answers are kept.' }),
  cache_control: flag('Obey Cache-Control of requests and answers.'),
  ignore_uri_case: nullable(Type.Boolean(), 'Paths that differ only in case are the same.'),
  storage_ttl: nullable(
    Type.Integer(),
    'Seconds for which answers are kept, whatever they or `cache_ttl` say.',
  ),
  memory: Type.Object(
    {
      dictionary_name: Type.String({
        default: 'kong_db_cache',
        description: 'Plugins that name the same one share it.',
      }),
    },
    { additionalProperties: false, default: {}, description: 'For the strategy `memory`.' },
  ),
  vary_query_params: nullable(
    Type.Array(Type.String()),
    'Query parameters that are part of the key; all of them when none are named.',
  ),
  vary_headers: nullable(Type.Array(Type.String()), 'Header fields that are part of the key.'),
  response_headers: Type.Object(
    {
      age: flag('Send `Age` with answers from the cache.', true),
      'X-Cache-Status': flag('Send `X-Cache-Status`.', true),
      'X-Cache-Key': flag('Send `X-Cache-Key`.', true),
    },
    { additionalProperties: false, default: {}, description: 'Fields that tell about the cache.' },
  ),
})

export type ProxyCacheConfig = Static<typeof schema>
