import { Type } from 'typebox'
import { anonymous, config, flag, hideCredentials, list, realm, oneOf } from '../access-fields.ts'

const hmacAlgorithms = ['hmac-sha1', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const

export const hmacAuthSchema = config({
  hide_credentials: hideCredentials,
  clock_skew: Type.Number({
    exclusiveMinimum: 0,
    default: 300,
    description: 'How far Date or X-Date may be off, in seconds: bounds replays.',
  }),
  anonymous,
  validate_request_body: flag('Holds the body against its Digest header, which must be signed.'),
  enforce_headers: list(
    Type.String(),
    [],
    'Headers that a signature must cover, as it names them (request-line and @request-target count).',
  ),
  algorithms: list(oneOf(hmacAlgorithms), hmacAlgorithms, 'Algorithms that are accepted.'),
  realm,
})
