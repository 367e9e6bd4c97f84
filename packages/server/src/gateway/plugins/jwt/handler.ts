import { errors } from 'jose'
import type { Static } from 'typebox'
import type { Consumer, Credential } from '../../config/model.ts'
import { OutgoingError, type PublishedKeys } from '../../../kernel/outgoing/index.ts'
import { challengeOf, isDone, runAs } from '../authentication.ts'
import { authenticateByClaims } from '../claim-values.ts'
import {
  definePlugin,
  type PluginExchange,
  type PluginFault,
  type PluginHost,
  type PluginInstance,
} from '../plugin.ts'
import { errorsOfClaims, errorsOfExpiration, type ClaimErrors } from './claims.ts'
import { issuerKeys } from './issuer-keys.ts'
import { findTokens } from './locations.ts'
import { jwtSchema } from './schema.ts'
import { isSignedBy, verificationKey, type VerificationKey } from './signature.ts'
import { namedClaim, parseToken, type ParsedToken } from './token.ts'

type JwtConfig = Static<typeof jwtSchema>

export const jwt = definePlugin({
  name: 'jwt',
  priority: 1450,
  summary: 'Recognises consumers by signed tokens, of their own keys or of an issuer.',
  schema: jwtSchema,
  scopes: ['service', 'route'],
  protocols: ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'],
  check: (config) => faultsOf(config),
  create: (config, host) => createJwt(config, host),
})

const faultsOf = (config: JwtConfig): readonly PluginFault[] => {
  const faults: PluginFault[] = []
  if (config.maximum_expiration > 0 && !(config.claims_to_verify ?? []).includes('exp')) {
    faults.push({
      path: ['claims_to_verify'],
      message: 'must contain exp when maximum_expiration is set',
    })
  }
  for (const field of ['issuer', 'jwks_uri'] as const) {
    const url = config[field]
    if (url !== null && !URL.canParse(url)) faults.push({ path: [field], message: 'must be a URL' })
  }
  return faults
}

/** A refusal with a message, or with what is wrong with each claim. */
type JwtRefusal = { status: 401 | 503; body: ClaimErrors; invalid: boolean }

const refused = (message: string): JwtRefusal => ({ status: 401, body: { message }, invalid: true })

const nothing: JwtRefusal = { status: 401, body: { message: 'Unauthorized' }, invalid: false }
const keysAway: JwtRefusal = {
  status: 503,
  body: { message: 'The keys of the issuer cannot be fetched' },
  invalid: false,
}

const createJwt = (config: JwtConfig, host: PluginHost): PluginInstance => {
  const { anonymous, key_claim_name } = config
  const challenge = challengeOf('Bearer', config.realm)
  const invalidChallenge = `${challenge}${config.realm === null ? ' ' : ', '}error="invalid_token"`
  const issuer = issuerKeys(config, host)
  /** Reading a PEM takes longer than a verification. */
  const keys = new WeakMap<Credential, { key: VerificationKey | null }>()

  const keyOf = (credential: Extract<Credential, { kind: 'jwt_secrets' }>) => {
    const known = keys.get(credential)
    if (known !== undefined) return known.key
    const key = verificationKey(credential, config.secret_is_base64)
    keys.set(credential, { key })
    return key
  }

  const wrongClaims = (claims: Readonly<Record<string, unknown>>): JwtRefusal | null => {
    const now = Math.floor(host.clock.now().getTime() / 1000)
    const body =
      errorsOfClaims(claims, config.claims_to_verify ?? [], now) ??
      errorsOfExpiration(claims, config.maximum_expiration, now)
    return body === null ? null : { status: 401, body, invalid: true }
  }

  const byCredential = (
    exchange: PluginExchange,
    parsed: ParsedToken,
    found: { credential: Extract<Credential, { kind: 'jwt_secrets' }>; consumer: Consumer },
  ): JwtRefusal | null => {
    const { credential, consumer } = found
    // The token must not choose: a public key would serve as the secret of an HMAC.
    if (parsed.algorithm !== credential.algorithm) return refused('Invalid algorithm')
    const key = keyOf(credential)
    if (key === null) return refused('Invalid key/secret')
    if (!isSignedBy(parsed, key)) return refused('Invalid signature')
    const wrong = wrongClaims(parsed.claims)
    if (wrong !== null) return wrong
    exchange.authenticate({ consumer, credential: { id: credential.id, name: credential.key } })
    return null
  }

  const byIssuer = async (
    exchange: PluginExchange,
    token: string,
    published: PublishedKeys,
  ): Promise<JwtRefusal | null> => {
    try {
      const { issuer, audience, algorithms } = config
      const claims = await published.verify(token, {
        audience,
        algorithms,
        ...(issuer === null ? {} : { issuer }),
      })
      const wrong = wrongClaims(claims)
      if (wrong !== null) return wrong
      const missing = authenticateByClaims(exchange, claims, config)
      return missing === null ? null : refused(missing)
    } catch (error) {
      return refusalOfError(error, host)
    }
  }

  const finish = (exchange: PluginExchange, refusal: JwtRefusal | null): void => {
    if (refusal === null) return
    if (anonymous !== null) return runAs(exchange, anonymous)
    const { status, body, invalid } = refusal
    exchange.respond({
      status,
      headers: [
        ...(['Content-Type', 'application/json; charset=utf-8'] as const),
        ...(status === 401
          ? ['WWW-Authenticate', invalid ? invalidChallenge : challenge]
          : ['Retry-After', '5']),
      ],
      body: JSON.stringify(body),
    })
  }

  const authenticate = (
    exchange: PluginExchange,
  ): JwtRefusal | null | Promise<JwtRefusal | null> => {
    const [token, other] = findTokens(exchange.request, config)
    if (token === undefined) return nothing
    if (other !== undefined) return refused('Multiple tokens provided')
    const parsed = parseToken(token)
    if (typeof parsed === 'string') return refused(`Bad token; ${parsed}`)
    const name = namedClaim(parsed, key_claim_name)
    if (name === undefined || name === null || name === false) {
      if (issuer !== null) return byIssuer(exchange, token, issuer)
      return refused(`No mandatory '${key_claim_name}' in claims`)
    }
    const key = typeof name === 'number' ? String(name) : name
    if (typeof key !== 'string' || key === '')
      return refused(`Invalid '${key_claim_name}' in claims`)
    const found = exchange.consumers.credential('jwt_secrets', key)
    if (found !== undefined) return byCredential(exchange, parsed, found)
    if (issuer !== null) return byIssuer(exchange, token, issuer)
    return refused(`No credentials found for given '${key_claim_name}'`)
  }

  return {
    access: (exchange) => {
      if (!config.run_on_preflight && exchange.request.method === 'OPTIONS') return undefined
      if (isDone(exchange, anonymous)) return undefined
      const outcome = authenticate(exchange)
      if (outcome instanceof Promise) return outcome.then((refusal) => finish(exchange, refusal))
      finish(exchange, outcome)
      return undefined
    },
  }
}

const refusalOfError = (error: unknown, { log }: PluginHost): JwtRefusal => {
  if (error instanceof OutgoingError) {
    log.warn({ reason: error.reason, error: error.message }, 'the keys of a token issuer are away')
    return keysAway
  }
  if (error instanceof errors.JWTExpired) return refusedClaim('exp', 'token expired')
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'nbf'
      ? refusedClaim('nbf', 'token not valid yet')
      : refused(`Invalid '${error.claim}' in claims`)
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return refused('Invalid algorithm')
  if (error instanceof errors.JWKSNoMatchingKey) return refused('No key of the issuer fits')
  if (error instanceof errors.JOSEError) return refused('Invalid signature')
  throw error
}

const refusedClaim = (claim: string, message: string): JwtRefusal => ({
  status: 401,
  body: { [claim]: message },
  invalid: true,
})
