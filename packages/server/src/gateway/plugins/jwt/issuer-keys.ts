import type { Static } from 'typebox'
import {
  discoverIssuer,
  publishedKeys,
  type OutgoingPolicy,
  type PublishedKeys,
} from '../../../kernel/outgoing/index.ts'
import type { PluginHost } from '../plugin.ts'
import type { jwtSchema } from './schema.ts'

/** Keys and discovery documents are small; a hundred keys are about 50 kB. */
const maxIssuerBytes = 256 * 1024

/** Keys of the configured issuer; null when there is none. */
export const issuerKeys = (
  config: Static<typeof jwtSchema>,
  { clock }: PluginHost,
): PublishedKeys | null => {
  const { issuer, jwks_uri } = config
  if (issuer === null && jwks_uri === null) return null
  const policy: OutgoingPolicy = {
    allowHttp: config.allow_http,
    allowInternal: config.allow_internal,
    timeoutMs: config.timeout_ms,
    maxBytes: maxIssuerBytes,
  }
  const uri = async (): Promise<string> =>
    jwks_uri ?? (await discoverIssuer(issuer ?? '', policy)).jwks_uri
  return publishedKeys({ uri, policy, clock, ttlMs: config.keys_ttl * 1000 })
}
