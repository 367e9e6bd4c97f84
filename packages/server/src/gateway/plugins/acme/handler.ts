import { isIP } from 'node:net'
import type { Static } from 'typebox'
import { definePlugin, type PluginFault } from '../plugin.ts'
import { acmeSchema } from './schema.ts'

/**
 * Says which names get certificates from an ACME server. The plugin itself sees no request: a keeper
 * obtains them (tls/acme), and the engine answers the server before any route does.
 */
export const acme = definePlugin({
  name: 'acme',
  priority: 1705,
  summary: "Gets certificates from Let's Encrypt or another ACME server, and renews them.",
  schema: acmeSchema,
  scopes: [],
  protocols: ['http', 'https', 'grpc', 'grpcs'],
  check: (config) => [...refused(config), ...domainFaults(config)],
  create: () => ({}),
})

type AcmeConfig = Static<typeof acmeSchema>

const refused = (config: AcmeConfig): PluginFault[] => {
  const fault = (field: keyof AcmeConfig, message: string): PluginFault => ({
    ...{ path: [field], message },
  })
  const faults: PluginFault[] = []
  for (const field of ['eab_kid', 'eab_hmac_key'] as const) {
    if (config[field] !== null) {
      faults.push(fault(field, `${field}: external account binding is not supported`))
    }
  }
  if (config.account_key !== null) {
    faults.push(fault('account_key', 'account_key is not supported: the key is made, and kept'))
  }
  if (config.preferred_chain !== null) {
    faults.push(fault('preferred_chain', 'preferred_chain is not supported'))
  }
  if (config.allow_any_domain) {
    faults.push(fault('allow_any_domain', 'allow_any_domain is not supported: name the domains'))
  }
  if (config.storage !== 'kong' && config.storage !== 'shm') {
    const message = `storage ${config.storage} is not supported: certificates are kept by Keelson`
    faults.push(fault('storage', message))
  }
  const isLetsEncrypt = /^https:\/\/[a-z0-9.-]+\.letsencrypt\.org\//i.test(config.api_uri)
  if (isLetsEncrypt && !config.tos_accepted && (config.domains ?? []).length > 0) {
    const message = 'terms of service must be accepted, see https://letsencrypt.org/repository/'
    faults.push(fault('tos_accepted', message))
  }
  return faults
}

const domainFaults = ({ domains }: AcmeConfig): PluginFault[] =>
  (domains ?? []).flatMap((domain, at) => {
    const why = domain.includes('*')
      ? 'is a wildcard, which HTTP cannot prove'
      : isIP(domain) !== 0
        ? 'is an address; only names get certificates'
        : dnsName.test(domain)
          ? null
          : 'is not a host name'
    return why === null ? [] : [{ path: ['domains', at], message: `'${domain}' ${why}` }]
  })

const dnsName = /^(?=.{1,253}$)[a-zA-Z0-9-]{1,63}(?:\.[a-zA-Z0-9-]{1,63})*$/
