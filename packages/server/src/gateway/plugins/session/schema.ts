import { Type } from 'typebox'
import { config, flag, list, nullable, oneOf } from '../access-fields.ts'

const seconds = (value: number, description: string) =>
  Type.Number({ minimum: 0, default: value, description })

export const sessionHeaders = [
  ...(['id', 'audience', 'subject', 'timeout'] as const),
  ...(['idling-timeout', 'rolling-timeout', 'absolute-timeout'] as const),
] as const

const headerNames = (description: string) =>
  nullable(Type.Array(oneOf(sessionHeaders)), description)

const cookieName = (value: string, description: string) =>
  Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", default: value, description })

const sameSite = ['Strict', 'Lax', 'None', 'Default'] as const

export const sessionSchema = config({
  secret: nullable(
    Type.String({ minLength: 1 }),
    'What the key of the cookie is made from; null takes the secret of this gateway.',
  ),
  storage: oneOf(['cookie', 'kong'], {
    default: 'cookie',
    description:
      'Where sessions are kept; `kong` needs a database behind the gateway and is refused.',
  }),
  audience: Type.String({
    default: 'default',
    description: 'Sessions of another audience are not taken.',
  }),
  idling_timeout: seconds(900, 'Seconds without a request after which a session ends; 0 is never.'),
  rolling_timeout: seconds(3600, 'Seconds after which the cookie must have been renewed.'),
  absolute_timeout: seconds(86_400, 'Seconds after which a session ends in any case.'),
  stale_ttl: seconds(
    10,
    'Seconds for which a renewed cookie stays good; cookies of this gateway always stay good until they end.',
  ),
  cookie_name: cookieName('session', 'Name of the cookie.'),
  cookie_path: Type.String({
    pattern: '^[^;\\r\\n]*$',
    default: '/',
    description: 'Path of the cookie.',
  }),
  cookie_domain: nullable(Type.String({ pattern: '^[A-Za-z0-9.-]+$' }), 'Domain of the cookie.'),
  cookie_same_site: oneOf(sameSite, {
    default: 'Strict',
    description: 'SameSite of the cookie; `Default` leaves it out.',
  }),
  cookie_http_only: flag('Keeps scripts away from the cookie.', true),
  cookie_secure: flag('Sends the cookie over https only.', true),
  remember: flag('Sends a second cookie that outlives the browser.'),
  remember_cookie_name: cookieName('remember', 'Name of the second cookie.'),
  remember_rolling_timeout: seconds(
    604_800,
    'Seconds after which the second cookie must have been renewed.',
  ),
  remember_absolute_timeout: seconds(
    2_592_000,
    'Seconds after which the second cookie ends in any case.',
  ),
  response_headers: headerNames('What answers tell of the session, as Session-… headers.'),
  request_headers: headerNames('What the service is told of the session, as Session-… headers.'),
  read_body_for_logout: flag('Looks for logout_post_arg in bodies.'),
  logout_methods: list(
    oneOf(['GET', 'POST', 'DELETE']),
    ['POST', 'DELETE'],
    'Methods by which a session may be ended.',
  ),
  logout_query_arg: Type.String({
    default: 'session_logout',
    description: 'Query parameter that ends the session.',
  }),
  logout_post_arg: Type.String({
    default: 'session_logout',
    description: 'Field of the body that ends the session.',
  }),
  hash_subject: flag('Sends the SHA-256 of the subject instead of it.'),
  store_metadata: flag(
    'Lists sessions by subject; needs a database behind the gateway and is refused.',
  ),
})
