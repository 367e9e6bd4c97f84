import type { ServerMetadata } from 'openid-client'
import {
  discoverIssuer,
  OutgoingError,
  type IssuerMetadata,
  type OutgoingPolicy,
} from '../../kernel/outgoing/index.ts'

/** Signatures that only the provider can make: never `none`, nor one under our own secret. */
export const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

/**
 * What a provider says of itself, if all of it can be used: its issuer is the one that was configured
 * (ASVS 5.0 10.5.3), and no address is of another kind than allowed.
 *
 * @throws OutgoingError
 */
export const discover = async (issuer: string, policy: OutgoingPolicy): Promise<ServerMetadata> => {
  const metadata: IssuerMetadata & ServerMetadata = await discoverIssuer(issuer, policy)
  const needed = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const
  for (const name of [...needed, 'userinfo_endpoint'] as const) {
    const url = metadata[name]
    if (url === undefined && name === 'userinfo_endpoint') continue
    if (isWebAddress(url, policy)) continue
    throw new OutgoingError('bad_url', `the discovery document has no ${name} that can be used`)
  }
  const offered = textsIn(metadata.id_token_signing_alg_values_supported) ?? ['RS256']
  const taken = offered.filter((algorithm) => algorithms.includes(algorithm))
  if (taken.length === 0) {
    throw new OutgoingError('bad_url', `it signs by ${offered.join(', ').slice(0, 200)} alone`)
  }
  const methods = textsIn(metadata.token_endpoint_auth_methods_supported)
  return {
    ...metadata,
    id_token_signing_alg_values_supported: taken,
    // Basic is what a provider takes that does not say what it takes (Discovery 1.0, 3).
    token_endpoint_auth_methods_supported: methods ?? ['client_secret_basic'],
  }
}

/** It is typed as a list, and comes from elsewhere. */
const textsIn = (value: unknown): string[] | null =>
  Array.isArray(value) ? value.filter((text) => typeof text === 'string') : null

const isWebAddress = (url: unknown, { allowHttp }: OutgoingPolicy): boolean => {
  if (typeof url !== 'string' || !URL.canParse(url)) return false
  const { protocol } = new URL(url)
  return protocol === 'https:' || (allowHttp && protocol === 'http:')
}
