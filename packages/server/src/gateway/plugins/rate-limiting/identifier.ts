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
  return (exchange) => read(exchange) ?? exchange.clientIp
}
