import { Type, type Static } from 'typebox'
import { Selector } from '../object.ts'
import { orNull, page, strict, text, time } from '../schemas.ts'

const RoleOfGroup = Type.Object(
  {
    group: Type.String({ minLength: 1, maxLength: 300 }),
    role: text(64),
    on: Type.Optional(Selector),
  },
  strict,
)

const settings = {
  name: Type.String({ minLength: 1, maxLength: 60, description: 'On the button' }),
  issuer: Type.String({ maxLength: 500, description: 'https://…, as its tokens say it' }),
  clientId: Type.String({ minLength: 1, maxLength: 300 }),
  scopes: Type.Array(Type.String({ pattern: '^[!#-\\[\\]-~]+$', maxLength: 100 }), {
    maxItems: 30,
  }),
  groupsClaim: Type.String({ minLength: 1, maxLength: 200 }),
  roles: Type.Array(RoleOfGroup, { maxItems: 500 }),
  createsUsers: Type.Boolean({ description: 'Whoever it knows gets an account' }),
  trustsFactors: Type.Boolean({ description: 'No second factor is asked after it' }),
  allowsInternal: Type.Boolean({ description: 'It may be at a private or loopback address' }),
  disabled: Type.Boolean(),
}

/** An OpenID provider by which people sign in. */
export const Provider = Type.Object(
  {
    id: Type.String(),
    ...settings,
    hasSecret: Type.Boolean(),
    redirectUri: Type.String({ description: 'To be registered at the provider' }),
    users: Type.Integer(),
    createdAt: time,
  },
  { $id: 'Provider' },
)
export type Provider = Static<typeof Provider>

export const ProviderSettings = Type.Object(
  {
    ...settings,
    scopes: Type.Optional(settings.scopes),
    groupsClaim: Type.Optional(settings.groupsClaim),
    roles: Type.Optional(settings.roles),
    createsUsers: Type.Optional(settings.createsUsers),
    trustsFactors: Type.Optional(settings.trustsFactors),
    allowsInternal: Type.Optional(settings.allowsInternal),
    disabled: Type.Optional(settings.disabled),
    clientSecret: Type.Optional(
      orNull(text(1000), { description: 'Left out: stays as it is; null: there is none' }),
    ),
  },
  strict,
)
export type ProviderSettings = Static<typeof ProviderSettings>

/** Somebody's account at a provider. */
export const ProviderIdentity = Type.Object(
  {
    provider: Type.String(),
    providerName: Type.String(),
    subject: Type.String(),
    email: orNull(Type.String()),
    createdAt: time,
    lastUsedAt: orNull(time),
  },
  { $id: 'ProviderIdentity' },
)
export type ProviderIdentity = Static<typeof ProviderIdentity>

/** In lower case: it stands in the address that the provider sends people back to. */
const providerId = Type.String({
  ...{ pattern: '^[a-z][a-z0-9-]*$', maxLength: 40 },
  'x-fault': 'a provider has lower-case letters, digits and - only, and begins with a letter',
})
const ProviderParams = Type.Object({ provider: providerId })

export const providerEndpoints = {
  listProviders: {
    method: 'GET',
    path: '/api/v1/providers',
    permission: 'system:write',
    summary: 'OpenID providers by which people sign in, without their secrets',
    response: page(Provider),
  },
  putProvider: {
    method: 'PUT',
    path: '/api/v1/providers/:provider',
    permission: 'system:write',
    fresh: true,
    summary: 'Make or change an OpenID provider; its discovery document must be readable',
    params: ProviderParams,
    body: ProviderSettings,
    response: Provider,
  },
  deleteProvider: {
    method: 'DELETE',
    path: '/api/v1/providers/:provider',
    permission: 'system:write',
    fresh: true,
    summary: 'Forget a provider with the grants of its groups; sessions made by it end',
    params: ProviderParams,
    response: null,
  },
  listOwnIdentities: {
    method: 'GET',
    path: '/api/v1/account/identities',
    permission: 'account:own',
    summary: 'Your accounts at providers',
    response: page(ProviderIdentity),
  },
  linkOwnIdentity: {
    method: 'POST',
    path: '/api/v1/account/identities/:provider',
    permission: 'account:own',
    fresh: true,
    summary: 'Where to send the browser, so that you can sign in by this provider too',
    params: ProviderParams,
    response: Type.Object({ url: Type.String() }),
  },
  finishOwnIdentity: {
    method: 'POST',
    path: '/api/v1/account/identities',
    permission: 'account:own',
    fresh: true,
    summary: 'Sign in by the account that the provider proved, from the session that asked for it',
    body: Type.Object({ challenge: text(200) }, strict),
    response: null,
  },
  unlinkOwnIdentity: {
    method: 'DELETE',
    path: '/api/v1/account/identities/:provider',
    permission: 'account:own',
    fresh: true,
    summary: 'Do without a provider; the last way to sign in stays',
    params: ProviderParams,
    response: null,
  },
} as const
