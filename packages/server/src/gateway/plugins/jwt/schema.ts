import { Type } from 'typebox'
import { jwtAlgorithms } from '../../config/model.ts'
import {
  anonymous,
  config,
  flag,
  list,
  nullable,
  outgoingFields,
  realm,
  runOnPreflight,
  oneOf,
} from '../access-fields.ts'

export const jwtSchema = config({
  uri_param_names: list(Type.String(), ['jwt'], 'Query parameters in which a token is looked for.'),
  cookie_names: list(Type.String(), [], 'Cookies in which a token is looked for.'),
  key_claim_name: Type.String({
    default: 'iss',
    description: 'Claim, or field of the header, that names the key of the credential.',
  }),
  secret_is_base64: flag('Secrets of the credentials are written in base64.'),
  claims_to_verify: nullable(
    Type.Array(oneOf(['exp', 'nbf'])),
    'Registered claims that are required and checked.',
  ),
  anonymous,
  run_on_preflight: runOnPreflight,
  maximum_expiration: Type.Number({
    minimum: 0,
    maximum: 31_536_000,
    default: 0,
    description: 'How far ahead `exp` may be, in seconds; 0 is as far as it likes.',
  }),
  header_names: list(
    Type.String(),
    ['authorization'],
    'Headers in which a token is looked for, after `Bearer`.',
  ),
  realm,
  issuer: nullable(
    Type.String({ minLength: 1 }),
    'Accepts tokens of this issuer by the keys it publishes, which are found by OpenID discovery.',
  ),
  jwks_uri: nullable(
    Type.String({ minLength: 1 }),
    'Where the keys are published; spares discovery, and alone accepts tokens of any issuer that hold.',
  ),
  audience: list(
    Type.String(),
    [],
    'One of these must be in `aud` of tokens by published keys; empty asks for none.',
  ),
  algorithms: list(
    oneOf(asymmetric()),
    ['RS256', 'PS256', 'ES256', 'EdDSA'],
    'Algorithms that are accepted by published keys.',
  ),
  consumer_claim: nullable(
    Type.String({ minLength: 1 }),
    'Claim that names the consumer (id, username or custom_id) of tokens by published keys; null runs without a consumer.',
  ),
  groups_claim: nullable(
    Type.String({ minLength: 1 }),
    'Claim with the groups of the caller, for acl.',
  ),
  ...outgoingFields,
})

/** A published key must never serve as a secret of an HMAC. */
function asymmetric() {
  return jwtAlgorithms.filter((name) => !name.startsWith('HS'))
}
