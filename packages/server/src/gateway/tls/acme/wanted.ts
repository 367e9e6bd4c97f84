import type { Static } from 'typebox'
import type { acmeSchema } from '../../plugins/acme/schema.ts'
import type { GatewayDocument } from '../../snapshot.ts'
import type { KeyKind } from './client.ts'
import type { Wanted } from './keeper.ts'

/** A certificate that a plugin asks for, and of whom. */
export type AcmeOrder = Wanted & {
  /** URL of the server's directory. */
  source: string
  email: string
  termsAgreed: boolean
  kind: KeyKind
}

const dayMs = 86_400_000
const minuteMs = 60_000

/** What the acme plugins of all documents ask for; the first one wins that names a domain. */
export const ordersOf = (documents: readonly GatewayDocument[]): AcmeOrder[] => {
  const orders = new Map<string, AcmeOrder>()
  for (const { config } of documents) {
    for (const plugin of config.plugins) {
      if (plugin.name !== 'acme' || !plugin.enabled) continue
      const asked = plugin.config as Static<typeof acmeSchema>
      for (const domain of asked.domains ?? []) {
        const name = domain.toLowerCase()
        if (!orders.has(name)) orders.set(name, orderOf(name, asked))
      }
    }
  }
  return [...orders.values()]
}

const orderOf = (name: string, asked: Static<typeof acmeSchema>): AcmeOrder => ({
  names: [name],
  source: asked.api_uri,
  email: asked.account_email,
  termsAgreed: asked.tos_accepted,
  kind: asked.cert_type === 'ecc' ? 'ec' : { rsaBits: asked.rsa_key_size },
  renewBeforeMs: asked.renew_threshold_days * dayMs,
  retryFirstMs: asked.fail_backoff_minutes * minuteMs,
})
