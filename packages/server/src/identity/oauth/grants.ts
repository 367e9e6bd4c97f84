import type { Permission } from '@keelson/contract'
import type { Audit } from '../../kernel/audit/index.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Epoch } from '../epoch/epoch.ts'
import type { Principal } from '../principal.ts'
import type { AccessTokens } from './access-tokens.ts'
import { bearerOf, clientObject, stranger, unknownClient, type Caller } from './actors.ts'
import { accessAudience, serviceName } from './claims.ts'
import type { DeviceRequests } from './device-requests.ts'
import { isRefreshToken, type Families, type Issued } from './families.ts'
import { clientIn, getParameter, narrowed, scopesIn } from './form.ts'
import type { ClientCredentials, Form } from './form.ts'
import { OAuthError } from './oauth-error.ts'
import type { ServiceCredentials } from './service-credentials.ts'

/** What the token endpoint needs of API tokens. */
export type ApiTokenCheck = {
  /** Null: not valid. Throws AppError `unauthenticated`: not now, or not from there. */
  authenticate(token: string, seen: Caller['seen']): Promise<Principal | null>
}

/** RFC 6749 5.1. */
export type TokenAnswer = {
  access_token: string
  token_type: 'Bearer'
  expires_in: number
  refresh_token?: string
  scope?: string
}

type Deps = {
  audit: Audit
  epoch: Epoch
  apiTokens: ApiTokenCheck
  accessTokens: AccessTokens
  services: ServiceCredentials
  families: Families
  devices: DeviceRequests
}

export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
export const grantTypes = ['client_credentials', 'refresh_token', deviceGrant] as const

type Request = { form: Form; credentials: ClientCredentials | null; caller: Caller }

/** The grants of the token endpoint. Each throws OAuthError. */
export const createGrants = (deps: Deps) => {
  const { audit, epoch, apiTokens, accessTokens, services, families, devices } = deps

  const refuse = async (caller: Caller, error: OAuthError): Promise<never> => {
    await audit.note(stranger(caller), {
      ...{ action: 'client.issued', outcome: 'denied', object: unknownClient },
      reason: error.message,
    })
    throw error
  }

  const answerOf = (
    { token, expiresIn }: { token: string; expiresIn: number },
    scopes: readonly Permission[] | null,
  ): TokenAnswer => ({
    ...{ access_token: token, token_type: 'Bearer', expires_in: expiresIn },
    ...(scopes === null ? {} : { scope: scopes.join(' ') }),
  })

  const ofFamily = async (
    { family, refreshToken }: Issued,
    scopes: readonly Permission[] | null,
  ): Promise<TokenAnswer> => {
    const made = await accessTokens.make({
      ...{ subject: family.principal_id, client: family.client, scopes },
      origin: { kind: 'family', id: family.id },
      ...{ authenticatedAt: family.authenticated_at, expiresAt: family.expires_at },
    })
    return { ...answerOf(made, scopes), refresh_token: refreshToken }
  }

  const ofApiToken = async ({ form, credentials, caller }: Required): Promise<TokenAnswer> => {
    const { id, secret } = credentials
    const audience = form.get('audience')
    if (audience !== undefined && audience !== accessAudience) {
      throw new OAuthError('invalid_target', `An API token is for the audience ${accessAudience}`)
    }
    const start = `kst_${id}_`
    const token = secret.startsWith('kst_') ? secret : start + secret
    await epoch.settled()
    const principal = token.startsWith(start)
      ? await apiTokens.authenticate(token, caller.seen).catch((error: unknown) => {
          const isRefusal = error instanceof AppError && error.code === 'unauthenticated'
          if (isRefusal) return refuse(caller, new OAuthError('invalid_client', error.message))
          throw error
        })
      : null
    const secretNumber = principal?.secretNumber
    if (principal === null || secretNumber === undefined) {
      return refuse(caller, new OAuthError('invalid_client', 'The API token is not valid'))
    }
    const scopes = narrowed(principal.scopes, scopesIn(form))
    const made = await accessTokens.make({
      ...{ subject: principal.id, client: id, scopes },
      origin: { kind: 'api_token', id, secretNumber },
      ...{ authenticatedAt: null, expiresAt: principal.expiresAt },
    })
    await audit.note(bearerOf(caller, principal), {
      ...{ action: 'client.issued', object: clientObject({ id, client: id }) },
    })
    return answerOf(made, scopes)
  }

  const ofService = async ({ form, credentials, caller }: Required): Promise<TokenAnswer> => {
    const { id, secret } = credentials
    // Both are looked at: whoever guesses names learns nothing by the time it takes.
    const isRight = services.isSecretOf(id, secret)
    if (!services.isThere(id) || !isRight) {
      return refuse(caller, new OAuthError('invalid_client', 'There is no such service'))
    }
    const audience = getParameter(form, 'audience')
    const asked = scopesIn(form)
    if (audience !== accessAudience && asked !== null) {
      throw new OAuthError('invalid_scope', 'Scopes are of the platform, not of services')
    }
    const made =
      audience === accessAudience
        ? await accessTokens.make({
            ...{ subject: serviceName(id), client: id, origin: { kind: 'service', id } },
            ...{ scopes: asked, authenticatedAt: null, expiresAt: null },
          })
        : await services.makeToken(id, audience)
    await audit.note(
      bearerOf(caller, { kind: 'stack_service', id, name: id, credential: serviceName(id) }),
      { action: 'client.issued', object: clientObject({ id, client: id }) },
    )
    return answerOf(made, asked)
  }

  const byCredentials = async ({ credentials, ...rest }: Request): Promise<TokenAnswer> => {
    if (credentials === null) throw new OAuthError('invalid_client', 'The client names no secret')
    const given = { ...rest, credentials }
    return credentials.id.includes('/') ? ofService(given) : ofApiToken(given)
  }

  const byRefreshToken = async ({ form, caller }: Request): Promise<TokenAnswer> => {
    const token = getParameter(form, 'refresh_token')
    const client = clientIn(form)
    const asked = scopesIn(form)
    // Before the token is used up: whoever asks for too much still has it.
    const accept = ({ scopes }: Issued['family']): void => void narrowed(scopes, asked)
    const issued = isRefreshToken(token)
      ? await families.refresh(token, client, caller, accept)
      : null
    if (issued === null) {
      return refuse(caller, new OAuthError('invalid_grant', 'This refresh token is not valid'))
    }
    return ofFamily(issued, narrowed(issued.family.scopes, asked))
  }

  const byDeviceCode = async ({ form, caller }: Request): Promise<TokenAnswer> => {
    const code = getParameter(form, 'device_code')
    const issued = await devices.poll(code, clientIn(form), caller).catch((error: unknown) => {
      const isWrong = error instanceof OAuthError && error.code === 'invalid_grant'
      if (isWrong) return refuse(caller, error)
      throw error
    })
    return ofFamily(issued, issued.family.scopes)
  }

  return async (request: Request): Promise<TokenAnswer> => {
    const grant = getParameter(request.form, 'grant_type')
    if (grant === 'client_credentials') return byCredentials(request)
    if (request.credentials !== null) {
      throw new OAuthError('invalid_client', 'Programs of people have no secret')
    }
    if (grant === 'refresh_token') return byRefreshToken(request)
    if (grant === deviceGrant) return byDeviceCode(request)
    throw new OAuthError('unsupported_grant_type', `Grants are ${grantTypes.join(', ')}`)
  }
}

type Required = Request & { credentials: ClientCredentials }
