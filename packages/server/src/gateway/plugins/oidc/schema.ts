import { Type } from 'typebox'
import { redisSettings } from '../../redis/index.ts'
import {
  anonymous,
  config,
  flag,
  hideCredentials,
  list,
  nullable,
  outgoingFields,
  realm,
  oneOf,
} from '../access-fields.ts'

const seconds = (value: number, description: string) =>
  Type.Number({ minimum: 0, default: value, description })

export const oidcSchema = config({
  issuer: Type.String({
    minLength: 1,
    description: 'URL of the identity provider; its discovery document is below it.',
  }),
  client_id: Type.String({ minLength: 1, description: 'Name of this client at the provider.' }),
  client_secret: nullable(
    Type.String({ minLength: 1 }),
    'Secret of this client; null for a public one, which PKCE alone protects.',
  ),
  client_auth: oneOf(['client_secret_basic', 'client_secret_post'], {
    default: 'client_secret_basic',
    description: 'How the secret is sent to the token endpoint.',
  }),
  flows: list(
    oneOf(['authorization_code', 'bearer']),
    ['authorization_code', 'bearer'],
    'Login in a browser, tokens in Authorization, or both.',
  ),
  scopes: list(Type.String(), ['openid'], 'Scopes that a login asks for.'),
  redirect_path: Type.String({
    pattern: '^/',
    default: '/oidc/callback',
    description: 'Path to which the provider sends browsers back; the route must take it.',
  }),
  redirect_uri: nullable(
    Type.String({ minLength: 1 }),
    'The whole address of it, where the gateway cannot see its own (TLS ends before it).',
  ),
  logout_path: Type.String({
    pattern: '^/',
    default: '/oidc/logout',
    description: 'Path that ends the session, here and at the provider.',
  }),
  post_logout_redirect_uri: nullable(Type.String(), 'Where browsers go after that.'),
  backchannel_logout_path: nullable(
    Type.String({ pattern: '^/' }),
    'Path to which the provider posts logout tokens, which end sessions; the route must take it. Null takes none.',
  ),
  redis: {
    ...redisSettings,
    description:
      'Where such logouts are kept, for all hosts and over restarts; without a host in the memory of this one.',
  },
  audience: list(
    Type.String(),
    [],
    'One of these must be in `aud` of bearer tokens; client_id when empty.',
  ),
  algorithms: list(
    Type.String({ pattern: '^(RS|PS|ES)(256|384|512)$|^EdDSA$' }),
    ['RS256', 'PS256', 'ES256', 'EdDSA'],
    'Algorithms that are accepted.',
  ),
  introspection: flag(
    'Asks the provider about bearer tokens that are no JWT (RFC 7662); needs client_secret.',
  ),
  introspection_ttl: seconds(
    5,
    'Seconds for which its answer is good: a revoked token is taken for so long.',
  ),
  clock_skew: seconds(30, 'Seconds by which the clock of the provider may be off.'),
  consumer_claim: nullable(
    Type.String({ minLength: 1 }),
    'Claim that names the consumer (id, username or custom_id); callers without one are refused. Null runs without a consumer.',
  ),
  groups_claim: nullable(Type.String({ minLength: 1 }), 'Claim with the groups, for acl.'),
  claim_headers: Type.Record(Type.String({ pattern: '^[a-zA-Z0-9_-]+$' }), Type.String(), {
    default: {},
    description: 'Headers for the service: name of the header to name of the claim.',
  }),
  forward_access_token: flag('Sends the access token of the session on in Authorization.'),
  anonymous,
  hide_credentials: hideCredentials,
  realm,
  session_secret: nullable(
    Type.String({ minLength: 1 }),
    'What the key of the cookies is made from; null takes client_secret, or the secret of this gateway.',
  ),
  session_cookie: Type.String({
    pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
    default: 'oidc_session',
    description: 'Name of the cookie of the session.',
  }),
  session_idle: seconds(3600, 'Seconds without a request after which a session ends; 0 is never.'),
  session_absolute: seconds(86_400, 'Seconds after which a session ends in any case.'),
  cookie_secure: nullable(
    Type.Boolean(),
    'Whether cookies go over https only; null: when the request came by https.',
  ),
  ...outgoingFields,
})
