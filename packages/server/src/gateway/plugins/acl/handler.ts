import type { Static } from 'typebox'
import { notedGroups } from '../authentication.ts'
import { fieldValue } from '../field-value.ts'
import { definePlugin, type PluginExchange, type PluginInstance } from '../plugin.ts'
import { aclSchema } from './schema.ts'

export const acl = definePlugin({
  name: 'acl',
  priority: 950,
  summary: 'Lets groups of consumers pass, or keeps them out.',
  schema: aclSchema,
  scopes: ['service', 'route'],
  protocols: ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'],
  check: ({ allow, deny }) => {
    if (allow !== null && deny !== null) {
      return [{ path: [], message: 'only one of allow and deny may be given' }]
    }
    return allow === null && deny === null
      ? [{ path: [], message: 'one of allow and deny must be given' }]
      : []
  },
  create: (config) => createAcl(config),
})

const consumerHeader = 'X-Consumer-Groups'
const authenticatedHeader = 'X-Authenticated-Groups'

const createAcl = (config: Static<typeof aclSchema>): PluginInstance => {
  const denies = (config.deny?.length ?? 0) > 0
  const listed = new Set(denies ? config.deny : config.allow)

  const isListed = (groups: readonly string[]): boolean => {
    for (const group of groups) if (listed.has(group)) return true
    return false
  }

  /** Those an authentication brought along count where there is no consumer, or an anonymous one. */
  const authenticatedGroups = (exchange: PluginExchange): readonly string[] | null => {
    const proven = exchange.consumer !== null && exchange.credential !== null
    return proven && !config.always_use_authenticated_groups ? null : notedGroups(exchange)
  }

  const pass = (exchange: PluginExchange, groups: readonly string[], header: string): void => {
    if (isListed(groups) === denies) {
      exchange.refuse(403, 'You cannot consume this service')
      return
    }
    const { headers } = exchange.request
    headers.remove('x-consumer-groups')
    headers.remove('x-authenticated-groups')
    if (!config.hide_groups_header && groups.length > 0) {
      headers.add(header, fieldValue(groups.join(', ')))
    }
  }

  return {
    access: (exchange) => {
      const brought = authenticatedGroups(exchange)
      if (brought !== null) return pass(exchange, brought, authenticatedHeader)
      const { consumer } = exchange
      const groups = consumer === null ? [] : exchange.consumers.groupsOf(consumer)
      if (groups.length > 0 || (consumer !== null && denies)) {
        return pass(exchange, groups, consumerHeader)
      }
      if (exchange.credential === null) return exchange.refuse(401, 'Unauthorized')
      return exchange.refuse(403, 'You cannot consume this service')
    },
  }
}
