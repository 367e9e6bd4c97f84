import { createHash } from 'node:crypto'
import type { Static } from 'typebox'
import type { Consumer } from '../../config/model.ts'
import { challengeOf, fail, isDone, unauthorized, type Refusal } from '../authentication.ts'
import {
  definePlugin,
  type PluginExchange,
  type PluginHost,
  type PluginInstance,
} from '../plugin.ts'
import { sameBytes } from '../../../kernel/same-bytes.ts'
import { hmacAuthSchema } from './schema.ts'
import { isSignature, readHmac, signingString, type HmacParameters } from './signature.ts'

export const hmacAuth = definePlugin({
  name: 'hmac-auth',
  priority: 1030,
  summary: 'Recognises consumers by the signature of their requests.',
  schema: hmacAuthSchema,
  scopes: ['service', 'route'],
  protocols: ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'],
  create: (config, host) => createHmacAuth(config, host),
})

/** A body must be in memory for its digest; larger ones count as changed. */
const bodyLimit = 8 * 1024 * 1024

type Signed = {
  consumer: Consumer
  credential: { id: string; name: string }
  /** Names of what was signed. */
  signed: readonly string[]
}

const dates = ['x-date', 'date']

/** Names of headers have no case. */
const covers = (signed: readonly string[], header: string): boolean =>
  signed.some((name) => name.toLowerCase() === header)

const createHmacAuth = (
  config: Static<typeof hmacAuthSchema>,
  { clock }: PluginHost,
): PluginInstance => {
  const challenge = challengeOf('hmac', config.realm)
  const nothing = unauthorized('Unauthorized', challenge)
  const undated = unauthorized(
    'HMAC signature cannot be verified, a valid date or x-date header is required for HMAC Authentication',
    challenge,
  )
  const unverifiable = unauthorized('HMAC signature cannot be verified', challenge)
  const different = unauthorized('HMAC signature does not match', challenge)
  const algorithms: ReadonlySet<string> = new Set(config.algorithms)
  const skewMs = config.clock_skew * 1000

  /** A date that is signed counts before one that anybody may have added to an old request. */
  const isTimely = ({ request }: PluginExchange, signed: readonly string[]): boolean => {
    const proven = dates.filter((name) => covers(signed, name))
    return (proven.length > 0 ? proven : dates).some((name) => {
      const at = readHttpDate(request.headers.joined(name) ?? '')
      return Math.abs(clock.now().getTime() - at) <= skewMs
    })
  }

  const isAcceptable = ({ headers, algorithm }: HmacParameters): boolean =>
    algorithms.has(algorithm) && config.enforce_headers.every((name) => headers.includes(name))

  /** Proxy-Authorization before Authorization; the latter is hidden when it was looked at. */
  const parametersOf = ({ request }: PluginExchange): HmacParameters | null => {
    const { proxyAuthorization, headers } = request
    const forProxy = proxyAuthorization === null ? null : readHmac(proxyAuthorization)
    if (forProxy !== null) return forProxy
    const authorization = headers.get('authorization')
    if (config.hide_credentials) headers.remove('authorization')
    return authorization === undefined ? null : readHmac(authorization)
  }

  const verify = (exchange: PluginExchange): Refusal | Signed => {
    const { request } = exchange
    const { headers } = request
    if (request.proxyAuthorization === null && !headers.has('authorization')) return nothing
    const parameters = parametersOf(exchange)
    if (!isTimely(exchange, parameters?.headers ?? [])) return undated
    if (parameters === null || !isAcceptable(parameters)) return unverifiable
    const { username, algorithm, signature } = parameters
    const found = exchange.consumers.credential('hmacauth_credentials', username)
    if (found === undefined) return unverifiable
    const text = signingString(request, parameters.headers)
    const { id, secret } = found.credential
    if (!isSignature(algorithm, secret, text, signature)) return different
    const credential = { id, name: username }
    return { consumer: found.consumer, credential, signed: parameters.headers }
  }

  const finish = (exchange: PluginExchange, outcome: Refusal | Signed): void => {
    if ('consumer' in outcome) exchange.authenticate(outcome)
    else fail(exchange, config.anonymous, outcome)
  }

  return {
    access: (exchange) => {
      if (isDone(exchange, config.anonymous)) return undefined
      const outcome = verify(exchange)
      if ('consumer' in outcome && config.validate_request_body) {
        return hasIntactBody(exchange, outcome.signed).then((intact) =>
          finish(exchange, intact ? outcome : different),
        )
      }
      finish(exchange, outcome)
      return undefined
    },
  }
}

/** A signed `Digest: SHA-256=<base64>` (RFC 3230); without a body it may be missing. */
const hasIntactBody = async (
  { request }: PluginExchange,
  signed: readonly string[],
): Promise<boolean> => {
  const body = await request.readBody(bodyLimit)
  if (body === null) return false
  const given = request.headers.joined('digest')
  if (given === undefined) return body.length === 0
  if (!covers(signed, 'digest')) return false
  const expected = `SHA-256=${createHash('sha256').update(body).digest('base64')}`
  return sameBytes(Buffer.from(given), Buffer.from(expected))
}

/** The three forms of RFC 9110 5.6.7, in milliseconds; NaN for anything else. */
const readHttpDate = (text: string): number => {
  if (text.endsWith(' GMT')) return Date.parse(text)
  return /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/.test(text)
    ? Date.parse(`${text} GMT`)
    : Number.NaN
}
