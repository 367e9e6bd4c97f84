import { permissions } from '@keelson/contract'
import { grantTypes } from './grants.ts'

export const paths = {
  token: '/oauth/token',
  device: '/oauth/device_authorization',
  revoke: '/oauth/revoke',
  jwks: '/.well-known/jwks.json',
  metadata: '/.well-known/oauth-authorization-server',
} as const

/** RFC 8414: all that a client has to know, from the address of the platform alone. */
export const metadataOf = (publicUrl: string) => ({
  issuer: publicUrl,
  token_endpoint: publicUrl + paths.token,
  device_authorization_endpoint: publicUrl + paths.device,
  revocation_endpoint: publicUrl + paths.revoke,
  jwks_uri: publicUrl + paths.jwks,
  grant_types_supported: grantTypes,
  // There is no authorization endpoint: people approve programs by RFC 8628.
  response_types_supported: [],
  token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
  revocation_endpoint_auth_methods_supported: ['none'],
  scopes_supported: permissions.filter((name) => name !== 'public'),
})
