import { Type } from 'typebox'
import { config, flag, list, nullable, oneOf } from '../access-fields.ts'

const corsMethods = [
  ...(['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'] as const),
] as const

export const corsSchema = config({
  origins: nullable(
    Type.Array(Type.String()),
    'Origins that may read answers: `*`, plain ones, or regexes of a host or (with `:`) of an origin; null is all.',
  ),
  headers: nullable(
    Type.Array(Type.String()),
    'Access-Control-Allow-Headers of preflights; without it, what they ask for.',
  ),
  exposed_headers: nullable(Type.Array(Type.String()), 'Access-Control-Expose-Headers.'),
  methods: list(oneOf(corsMethods), corsMethods, 'Access-Control-Allow-Methods.'),
  max_age: nullable(Type.Number(), 'Seconds for which a preflight may be remembered.'),
  credentials: flag('Lets pages send cookies and the like.'),
  private_network: flag('Lets pages of public sites reach this private one.'),
  preflight_continue: flag('Sends preflights on to the service.'),
  allow_origin_absent: flag('Adds the headers also to answers of requests without Origin.', true),
})
