import { errors } from 'jose'
import type { Static } from 'typebox'
import { OutgoingError } from '../../../kernel/outgoing/index.ts'
import { afterScheme, challengeOf, fail, isDone, type Refusal } from '../authentication.ts'
import { authenticateByClaims, claimText, type Claims } from '../claim-values.ts'
import { fieldValue } from '../field-value.ts'
import {
  definePlugin,
  type PluginExchange,
  type PluginFault,
  type PluginHost,
  type PluginInstance,
} from '../plugin.ts'
import { createSealer, processSecret } from '../sealed.ts'
import { isNavigation } from './addresses.ts'
import { claimsOf, createBrowserCookies } from './browser-cookies.ts'
import { openEndedSessions } from './ended-sessions.ts'
import { createLogins, type LoginOutcome } from './logins.ts'
import { createProvider } from './provider.ts'
import { oidcSchema } from './schema.ts'
import { TokensRefused } from './token-checks.ts'

type OidcConfig = Static<typeof oidcSchema>

export const oidc = definePlugin({
  name: 'oidc',
  priority: 1050,
  summary: 'Logs people in at an OpenID provider, and takes its tokens.',
  schema: oidcSchema,
  scopes: ['service', 'route'],
  protocols: ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'],
  check: (config) => faultsOf(config),
  create: (config, host) => createOidc(config, host),
})

const faultsOf = (config: OidcConfig): readonly PluginFault[] => {
  const faults: PluginFault[] = []
  for (const field of ['issuer', 'redirect_uri', 'post_logout_redirect_uri'] as const) {
    const url = config[field]
    if (url !== null && !URL.canParse(url)) faults.push({ path: [field], message: 'must be a URL' })
  }
  const { redirect_path, logout_path, backchannel_logout_path } = config
  if (redirect_path === logout_path) {
    faults.push({ path: ['logout_path'], message: 'must not be redirect_path' })
  }
  if (backchannel_logout_path === redirect_path || backchannel_logout_path === logout_path) {
    faults.push({ path: ['backchannel_logout_path'], message: 'must be a path of its own' })
  }
  if (config.introspection && config.client_secret === null) {
    faults.push({ path: ['introspection'], message: 'needs client_secret' })
  }
  if (config.flows.length === 0) faults.push({ path: ['flows'], message: 'one is needed' })
  return faults
}

const createOidc = (config: OidcConfig, host: PluginHost): PluginInstance => {
  const { anonymous } = config
  const secret = config.session_secret ?? config.client_secret ?? host.secret ?? processSecret
  const purpose = `${config.issuer} ${config.client_id} ${config.session_cookie}`
  const cookies = createBrowserCookies(config.session_cookie, {
    session: createSealer(secret, `oidc session ${purpose}`),
    login: createSealer(secret, `oidc login ${purpose}`),
  })
  const provider = createProvider(config, host.clock)
  const ended = openEndedSessions(config, host)
  const logins = createLogins(config, { provider, cookies, ended, host })
  const challenge = challengeOf('Bearer', config.realm)
  const refusals = refusalsOf(challenge, config.realm)
  const takesBearer = config.flows.includes('bearer')
  const takesLogin = config.flows.includes('authorization_code')
  const headerClaims = Object.entries(config.claim_headers).map(([header, claim]) => ({
    header,
    lower: header.toLowerCase(),
    claim,
  }))

  /** Forged ones go, whoever is asking. */
  const clearHeaders = ({ request }: PluginExchange): void => {
    for (const { lower } of headerClaims) request.headers.remove(lower)
  }

  const accept = (exchange: PluginExchange, claims: Claims): Refusal | null => {
    if (authenticateByClaims(exchange, claims, config) !== null) return refusals.unknown
    for (const { header, claim } of headerClaims) {
      const value = claimText(claims, claim)
      if (value !== null) exchange.request.headers.set(header, fieldValue(value))
    }
    return null
  }

  const byBearer = async (exchange: PluginExchange, token: string): Promise<void> => {
    const outcome = await provider.readBearer(token).then(
      (claims) => accept(exchange, claims),
      (error: unknown) => refusalOfError(error),
    )
    if (outcome === null) {
      if (config.hide_credentials) exchange.request.headers.remove('authorization')
    } else fail(exchange, anonymous, outcome)
  }

  const refusalOfError = (error: unknown): Refusal => {
    if (error instanceof OutgoingError) {
      host.log.warn({ reason: error.reason, error: error.message }, 'the OpenID provider is away')
      return refusals.away
    }
    if (error instanceof errors.JOSEError || error instanceof TokensRefused) return refusals.invalid
    throw error
  }

  const byBrowser = async (exchange: PluginExchange): Promise<void> => {
    const outcome = await logins.resume(exchange).catch(refusalOfError)
    if (outcome === null || 'status' in outcome) return turnAway(exchange, outcome)
    if (outcome.kind === 'answered') return undefined
    const refusal = accept(exchange, claimsOf(outcome.session))
    if (refusal !== null) return fail(exchange, anonymous, refusal)
    forward(exchange, outcome)
    return undefined
  }

  const forward = (exchange: PluginExchange, outcome: LoginOutcome & { kind: 'session' }): void => {
    cookies.hide(exchange.request.headers)
    const { accessToken } = outcome.session
    if (config.forward_access_token && accessToken !== null) {
      exchange.request.headers.set('Authorization', `Bearer ${accessToken}`)
    }
  }

  /** Nobody is logged in, or it cannot be found out. */
  const turnAway = async (exchange: PluginExchange, refusal: Refusal | null): Promise<void> => {
    if (refusal !== null || anonymous !== null || !isNavigation(exchange.request)) {
      return fail(exchange, anonymous, refusal ?? refusals.nothing)
    }
    const failed = await logins.begin(exchange).then(() => null, refusalOfError)
    if (failed !== null) fail(exchange, null, failed)
  }

  return {
    access: (exchange) => {
      clearHeaders(exchange)
      if (isDone(exchange, anonymous)) return undefined
      const { headers } = exchange.request
      const authorization = takesBearer ? headers.get('authorization') : undefined
      const token = authorization === undefined ? null : afterScheme(authorization, 'bearer')
      if (token !== null) return byBearer(exchange, token)
      if (takesLogin) return byBrowser(exchange)
      return fail(exchange, anonymous, refusals.nothing)
    },
    close: () => ended.close(),
  }
}

const refusalsOf = (challenge: string, realm: string | null) => {
  const invalid = `${challenge}${realm === null ? ' ' : ', '}error="invalid_token"`
  return {
    nothing: { status: 401, message: 'Unauthorized', headers: ['WWW-Authenticate', challenge] },
    invalid: { status: 401, message: 'Invalid token', headers: ['WWW-Authenticate', invalid] },
    unknown: { status: 403, message: 'You cannot consume this service', headers: [] },
    away: {
      status: 503,
      message: 'The identity provider cannot be reached',
      headers: ['Retry-After', '5'],
    },
  } satisfies Record<string, Refusal>
}
