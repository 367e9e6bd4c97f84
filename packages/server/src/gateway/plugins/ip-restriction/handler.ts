import { Resolver } from 'node:dns/promises'
import { isIP, type BlockList } from 'node:net'
import type { Static } from 'typebox'
import { definePlugin, type PluginFault, type PluginHost, type PluginInstance } from '../plugin.ts'
import { compileEntries, isListed, normalAddress, readEntry } from './address-list.ts'
import { followHostNames, type HostNames } from './host-names.ts'
import { ipRestrictionSchema } from './schema.ts'

type IpRestrictionConfig = Static<typeof ipRestrictionSchema>

export const ipRestriction = definePlugin({
  name: 'ip-restriction',
  priority: 990,
  summary: 'Lets addresses, ranges and host names pass, or keeps them out.',
  schema: ipRestrictionSchema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'tcp', 'tls', 'grpc', 'grpcs'],
  check: (config) => faultsOf(config),
  create: (config, host) => createIpRestriction(config, host),
})

const faultsOf = ({ allow, deny, resolvers }: IpRestrictionConfig): readonly PluginFault[] => {
  if (allow === null && deny === null) {
    return [{ path: [], message: 'at least one of allow and deny must be given' }]
  }
  return [
    ...faultsOfList('allow', allow),
    ...faultsOfList('deny', deny),
    ...resolvers.flatMap((server, index) =>
      isResolver(server)
        ? []
        : [{ path: ['resolvers', index], message: `not an address of a DNS server: '${server}'` }],
    ),
  ]
}

const faultsOfList = (field: 'allow' | 'deny', list: readonly string[] | null): PluginFault[] =>
  (list ?? []).flatMap((text, index) =>
    readEntry(text) === null
      ? [{ path: [field, index], message: `invalid ip or cidr range: '${text}'` }]
      : [],
  )

const isResolver = (server: string): boolean => {
  try {
    new Resolver().setServers([server])
    return true
  } catch {
    return false
  }
}

const createIpRestriction = (config: IpRestrictionConfig, host: PluginHost): PluginInstance => {
  const deny = config.deny === null || config.deny.length === 0 ? null : config.deny
  const allow = config.allow === null || config.allow.length === 0 ? null : config.allow
  const denied = deny === null ? null : followList(deny, config, host)
  const allowed = allow === null ? null : followList(allow, config, host)
  const status = config.status ?? 403

  const isAllowed = (address: string): boolean =>
    isIP(address) !== 0 &&
    (denied === null || !denied.holds(address)) &&
    (allowed === null || allowed.holds(address))

  return {
    access: (exchange) => {
      const address = normalAddress(exchange.clientIp)
      if (isAllowed(address)) return
      exchange.refuse(status, config.message ?? `IP address not allowed: ${address}`)
    },
    connect: ({ client }) => isAllowed(normalAddress(client.address)),
    close: () => {
      denied?.close()
      allowed?.close()
    },
  }
}

type AddressList = { holds(address: string): boolean; close(): void }

const followList = (
  list: readonly string[],
  { resolvers }: IpRestrictionConfig,
  { clock, log }: PluginHost,
): AddressList => {
  const entries = list.map(readEntry).filter((entry) => entry !== null)
  const fixed: BlockList = compileEntries(entries)
  const names = entries.flatMap((entry) => (entry.kind === 'host' ? [entry.name] : []))
  const followed: HostNames | null =
    names.length === 0
      ? null
      : followHostNames(names, {
          resolver: resolverFor(resolvers),
          clock,
          onFailure: (name, error) =>
            log.warn(
              { name, error: String(error) },
              'a host name of ip-restriction has no address',
            ),
        })
  return {
    holds: (address) =>
      isListed(fixed, address) || (followed !== null && isListed(followed.addresses, address)),
    close: () => followed?.close(),
  }
}

const resolverFor = (servers: readonly string[]): Resolver => {
  const resolver = new Resolver({ timeout: 2000, tries: 2 })
  if (servers.length > 0) resolver.setServers(servers)
  return resolver
}
