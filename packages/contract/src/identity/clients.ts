import { Type, type Static } from 'typebox'
import { orNull, page, PermissionName, strict, text, time } from '../schemas.ts'

/**
 * API clients that a person signed in (RFC 8628). Their tokens come from `/oauth/token`, which speaks
 * RFC 6749 and is no endpoint of this contract; docs/tokens.md describes it.
 */
export const ClientSession = Type.Object(
  {
    id: Type.String(),
    current: Type.Boolean(),
    client: Type.String({ description: 'As the program calls itself' }),
    scopes: orNull(Type.Array(PermissionName)),
    createdAt: time,
    lastUsedAt: time,
    expiresAt: time,
    address: orNull(Type.String()),
    device: Type.String(),
  },
  { $id: 'ClientSession' },
)
export type ClientSession = Static<typeof ClientSession>

export const DeviceRequest = Type.Object(
  {
    client: Type.String(),
    scopes: orNull(Type.Array(PermissionName)),
    address: orNull(Type.String({ description: 'Where the program asked from' })),
    device: Type.String(),
    createdAt: time,
    expiresAt: time,
  },
  { $id: 'DeviceRequest' },
)
export type DeviceRequest = Static<typeof DeviceRequest>

/** What the gateway tells a service about who asks; verified by the keys of `/.well-known/jwks.json`. */
export const Assertion = Type.Object(
  {
    token: Type.String({ description: 'JWT, typ identity+jwt, EdDSA' }),
    expiresAt: time,
    actor: Type.Object({ kind: Type.String(), id: Type.String(), name: Type.String() }),
  },
  { $id: 'Assertion' },
)
export type Assertion = Static<typeof Assertion>

const userCode = Type.String({ minLength: 1, maxLength: 20, description: 'As XXXX-XXXX' })

export const clientEndpoints = {
  readDeviceRequest: {
    method: 'POST',
    path: '/api/v1/device-requests/read',
    permission: 'account:own',
    summary: 'Which program shows this code, and what it asks for',
    body: Type.Object({ userCode }, strict),
    response: DeviceRequest,
  },
  decideDeviceRequest: {
    method: 'POST',
    path: '/api/v1/device-requests/decisions',
    permission: 'account:own',
    fresh: true,
    summary: 'Let the program that shows this code act as you, or not',
    body: Type.Object({ userCode, approve: Type.Boolean() }, strict),
    response: null,
  },
  listOwnClients: {
    method: 'GET',
    path: '/api/v1/account/clients',
    permission: 'account:own',
    summary: 'Programs that you signed in',
    response: page(ClientSession),
  },
  revokeOwnClient: {
    method: 'DELETE',
    path: '/api/v1/account/clients/:client',
    permission: 'account:own',
    summary: 'Sign a program out',
    params: Type.Object({ client: text(64) }),
    response: null,
  },
  createAssertion: {
    method: 'POST',
    path: '/api/v1/session/assertions',
    permission: 'public',
    summary:
      'Who you are, signed for a service, if you may do this there; what the gateway forwards',
    body: Type.Object(
      {
        object: Type.String({ minLength: 1, maxLength: 300, description: 'As service:shop/web' }),
        permission: Type.Optional(PermissionName),
        address: Type.Optional(
          Type.String({
            maxLength: 64,
            description: 'Of the client the gateway asks for; believed from this machine alone',
          }),
        ),
      },
      strict,
    ),
    response: Assertion,
  },
} as const
