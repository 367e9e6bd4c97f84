import { Type, type Static } from 'typebox'
import { permissions } from '../permissions.ts'
import { UserName } from './people.ts'
import { orNull, page, PermissionName, strict, text, time } from '../schemas.ts'

const Scopes = Type.Array(PermissionName, { maxItems: permissions.length, uniqueItems: true })
const Networks = Type.Array(
  Type.String({ maxLength: 50, description: 'An address or a CIDR range such as 10.0.0.0/8' }),
  { maxItems: 50 },
)

export const ApiToken = Type.Object(
  {
    id: Type.String({ description: 'Public part: `kst_<id>_<secret>`' }),
    name: Type.String(),
    owner: Type.Object({ id: Type.String(), name: Type.String(), kind: Type.String() }),
    scopes: orNull(Type.Array(PermissionName), { description: 'null: all that its owner may' }),
    networks: Type.Array(Type.String(), { description: 'Empty: from everywhere' }),
    createdBy: Type.String(),
    boundedBy: Type.Array(Type.String(), {
      description: 'Who made it for somebody else: it may nothing that one of them may not',
    }),
    createdAt: time,
    expiresAt: orNull(time),
    lastUsedAt: orNull(time),
    lastUsedAddress: orNull(Type.String()),
    formerUntil: orNull(time, { description: 'Until then the secret before works too' }),
  },
  { $id: 'ApiToken' },
)
export type ApiToken = Static<typeof ApiToken>

/** The only time that the secret is told. */
export const ApiTokenMade = Type.Object(
  { token: ApiToken, secret: Type.String({ description: 'The whole token; shown once' }) },
  { $id: 'ApiTokenMade' },
)
export type ApiTokenMade = Static<typeof ApiTokenMade>

export const NewApiToken = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    scopes: Type.Optional(Scopes),
    networks: Type.Optional(Networks),
    expiresAt: Type.Optional(time),
  },
  strict,
)
export type NewApiToken = Static<typeof NewApiToken>

const Rotation = Type.Object(
  {
    overlapMinutes: Type.Integer({
      minimum: 0,
      maximum: 43_200,
      default: 60,
      description: 'How long the secret before goes on',
    }),
    expiresAt: Type.Optional(time),
  },
  strict,
)

export const ServiceAccount = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    description: Type.String(),
    owner: orNull(Type.Object({ id: Type.String(), name: Type.String() })),
    disabledAt: orNull(time),
    createdAt: time,
    lastSeenAt: orNull(time),
    roles: Type.Array(Type.String()),
    teams: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })),
    tokens: Type.Integer({ description: 'How many it has' }),
  },
  { $id: 'ServiceAccount' },
)
export type ServiceAccount = Static<typeof ServiceAccount>

const idOrName = text(100)
const TokenParams = Type.Object({ token: text(40) })
const AccountParams = Type.Object({ account: idOrName })
const AccountTokenParams = Type.Object({ account: idOrName, token: text(40) })

export const tokenEndpoints = {
  listOwnTokens: {
    method: 'GET',
    path: '/api/v1/account/tokens',
    permission: 'account:own',
    summary: 'Your API tokens, without their secrets',
    response: page(ApiToken),
  },
  createOwnToken: {
    method: 'POST',
    path: '/api/v1/account/tokens',
    permission: 'account:own',
    fresh: true,
    summary: 'Make an API token that acts as you, within its scopes; shown once',
    body: NewApiToken,
    response: ApiTokenMade,
  },
  rotateOwnToken: {
    method: 'POST',
    path: '/api/v1/account/tokens/:token/rotations',
    permission: 'account:own',
    fresh: true,
    summary: 'Give a token of yours a new secret; the one before goes on for a while',
    params: TokenParams,
    body: Rotation,
    response: ApiTokenMade,
  },
  revokeOwnToken: {
    method: 'DELETE',
    path: '/api/v1/account/tokens/:token',
    permission: 'account:own',
    summary: 'Revoke a token of yours at once',
    params: TokenParams,
    response: null,
  },
  listTokens: {
    method: 'GET',
    path: '/api/v1/tokens',
    permission: 'users:read',
    summary: 'API tokens of everybody, without their secrets, those used last first',
    query: Type.Object(
      {
        owner: Type.Optional(idOrName),
        cursor: Type.Optional(text(100)),
        limit: Type.Integer({ minimum: 1, maximum: 1000, default: 200 }),
      },
      strict,
    ),
    response: page(ApiToken),
  },
  revokeToken: {
    method: 'DELETE',
    path: '/api/v1/tokens/:token',
    permission: 'users:write',
    summary: 'Revoke the token of anybody at once',
    params: TokenParams,
    response: null,
  },
  listServiceAccounts: {
    method: 'GET',
    path: '/api/v1/service-accounts',
    permission: 'users:read',
    summary: 'Accounts of programs, and who answers for them',
    response: page(ServiceAccount),
  },
  getServiceAccount: {
    method: 'GET',
    path: '/api/v1/service-accounts/:account',
    permission: 'users:read',
    summary: 'One service account',
    params: AccountParams,
    response: ServiceAccount,
  },
  createServiceAccount: {
    method: 'POST',
    path: '/api/v1/service-accounts',
    permission: 'users:write',
    fresh: true,
    summary: 'Make an account for a program; you answer for it unless told',
    body: Type.Object(
      {
        name: UserName,
        description: Type.Optional(text(500)),
        owner: Type.Optional(idOrName),
        role: Type.Optional(text(64)),
      },
      strict,
    ),
    response: ServiceAccount,
  },
  updateServiceAccount: {
    method: 'PUT',
    path: '/api/v1/service-accounts/:account',
    permission: 'users:write',
    fresh: true,
    summary: 'Change its description or owner, disable or enable it',
    params: AccountParams,
    body: Type.Object(
      {
        description: Type.Optional(text(500)),
        owner: Type.Optional(idOrName),
        disabled: Type.Optional(Type.Boolean()),
      },
      strict,
    ),
    response: ServiceAccount,
  },
  deleteServiceAccount: {
    method: 'DELETE',
    path: '/api/v1/service-accounts/:account',
    permission: 'users:write',
    fresh: true,
    summary: 'Delete a service account with its tokens and grants',
    params: AccountParams,
    response: null,
  },
  listServiceAccountTokens: {
    method: 'GET',
    path: '/api/v1/service-accounts/:account/tokens',
    permission: 'users:read',
    summary: 'API tokens of a service account, without their secrets',
    params: AccountParams,
    response: page(ApiToken),
  },
  createServiceAccountToken: {
    method: 'POST',
    path: '/api/v1/service-accounts/:account/tokens',
    permission: 'users:write',
    fresh: true,
    summary: 'Make an API token for a service account that may no more than you; shown once',
    params: AccountParams,
    body: NewApiToken,
    response: ApiTokenMade,
  },
  rotateServiceAccountToken: {
    method: 'POST',
    path: '/api/v1/service-accounts/:account/tokens/:token/rotations',
    permission: 'users:write',
    fresh: true,
    summary: 'Give a token of a service account a new secret; the one before goes on for a while',
    params: AccountTokenParams,
    body: Rotation,
    response: ApiTokenMade,
  },
} as const
