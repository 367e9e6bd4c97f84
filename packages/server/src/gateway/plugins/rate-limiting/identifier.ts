import type { PluginExchange } from '../plugin.ts'
import type { RateLimitingConfig } from './schema.ts'

/** Who is counted, in Kong's order of falling back. */
export const identifierOf = ({
  limit_by,
  header_name,
  path,
}: Pick<RateLimitingConfig, 'limit_by' | 'header_name' | 'path'>): ((
  exchange: PluginExchange,
) => string) => {
  const header = header_name?.toLowerCase() ?? ''
  const readers: Record<typeof limit_by, (exchange: PluginExchange) => string | undefined> = {
    consumer: ({ consumer, credential }) => consumer?.id ?? credential?.id,
    credential: ({ credential }) => credential?.id,
    ip: () => undefined,
    service: ({ service }) => service?.id,
    header: ({ request }) => request.headers.joined(header),
    path: ({ request }) => (request.path === path ? path : undefined),
  }
  const read = readers[limit_by]
  return (exchange) => read(exchange) ?? networkOf(exchange.clientIp)
}

/** One customer has at least a /64 of IPv6 (RFC 6177), and could take a new address for each request. */
const networkOf = (address: string): string => {
  if (!address.includes(':') || address.includes('.')) return address
  const [front = '', back] = address.split('::')
  const groups = front === '' ? [] : front.split(':')
  const left = 8 - groups.length - (back === undefined || back === '' ? 0 : back.split(':').length)
  if (back !== undefined) groups.push(...Array<string>(left).fill('0'), ...back.split(':'))
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${network.join(':')}::/64`
}
