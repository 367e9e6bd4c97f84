import type { Static } from 'typebox'
import type { Consumer } from '../../config/model.ts'
import { fail, isDone, noteGroups, type Refusal } from '../authentication.ts'
import { definePlugin, type PluginExchange, type PluginInstance } from '../plugin.ts'
import { createNameReader, type CertificateNames } from './certificate-names.ts'
import { mtlsAuthSchema } from './schema.ts'

type MtlsAuthConfig = Static<typeof mtlsAuthSchema>

export const mtlsAuth = definePlugin({
  name: 'mtls-auth',
  priority: 1600,
  summary: 'Recognises consumers by the certificate of their connection.',
  schema: mtlsAuthSchema,
  scopes: ['service', 'route'],
  protocols: ['https', 'grpcs', 'wss'],
  check: ({ authenticated_group_by, skip_consumer_lookup }) =>
    authenticated_group_by !== null && !skip_consumer_lookup
      ? [
          {
            path: ['authenticated_group_by'],
            message: 'needs skip_consumer_lookup: groups of consumers come from acls',
          },
        ]
      : [],
  create: (config) => createMtlsAuth(config),
})

const refused = (message: string): Refusal => ({ status: 401, message, headers: [] })
const missing = refused('No required TLS certificate was sent')
const unverified = refused('TLS certificate failed verification')
const unknown = refused('Unauthorized')

const createMtlsAuth = (config: MtlsAuthConfig): PluginInstance => {
  const { anonymous, skip_consumer_lookup, authenticated_group_by } = config
  const fingerprints =
    config.fingerprints === null ? null : new Set(config.fingerprints.map(normalFingerprint))
  const issuers = config.issuers === null ? null : new Set(config.issuers)
  const namesOf = createNameReader()

  const consumerOf = (exchange: PluginExchange, names: CertificateNames): Consumer | null => {
    for (const kind of config.match) {
      for (const name of names[kind]) {
        const consumer = consumerBy(exchange, name)
        if (consumer !== null) return consumer
      }
    }
    return null
  }

  const consumerBy = ({ consumers }: PluginExchange, name: string): Consumer | null => {
    for (const field of config.consumer_by) {
      const found = field === 'custom_id' ? consumers.byCustomId(name) : consumers.find(name)
      if (found !== undefined && found[field] === name) return found
    }
    return null
  }

  const groupsOf = (names: CertificateNames): readonly string[] | null => {
    if (authenticated_group_by === null) return null
    return authenticated_group_by === 'CN' ? names.subject_cn : names.subject_dn
  }

  const refusalOf = (exchange: PluginExchange): Refusal | null => {
    const certificate = exchange.tls?.certificate ?? null
    if (certificate === null) return missing
    const known = fingerprints?.has(certificate.fingerprint) ?? certificate.trusted
    if (!known) return unverified
    const names = namesOf(certificate)
    if (issuers !== null && !issuers.has(names.issuerDn)) return unverified
    const consumer = skip_consumer_lookup ? null : consumerOf(exchange, names)
    if (consumer === null && !skip_consumer_lookup) return unknown
    const groups = groupsOf(names)
    if (groups !== null) noteGroups(exchange, groups)
    exchange.authenticate({
      consumer,
      credential: { id: certificate.fingerprint, name: null },
      ...(groups === null ? {} : { groups }),
    })
    return null
  }

  return {
    access: (exchange) => {
      if (isDone(exchange, anonymous)) return
      const refusal = refusalOf(exchange)
      if (refusal !== null) fail(exchange, anonymous, refusal)
    },
  }
}

const normalFingerprint = (text: string): string => text.replaceAll(':', '').toLowerCase()
