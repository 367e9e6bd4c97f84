import type { Static } from 'typebox'
import { definePlugin, type PluginFault } from '../plugin.ts'
import { hstsSchema } from './schema.ts'

const name = 'strict-transport-security'
/** What the lists of the browsers ask for (hstspreload.org). */
const preloadMinSeconds = 31_536_000

/** Tells browsers to come by https only (RFC 6797). */
export const hsts = definePlugin({
  name: 'hsts',
  priority: 811,
  summary: 'Tells browsers to come by https only.',
  schema: hstsSchema,
  scopes: ['service', 'route'],
  protocols: ['http', 'https'],
  check: preloadFaults,
  create: (config) => {
    const value = valueOf(config)
    return {
      response: (exchange, { headers }) => {
        // Over http it is forbidden (7.2): anybody on the way could have written it.
        if (exchange.request.scheme !== 'https' || headers.has(name)) return
        headers.set('Strict-Transport-Security', value)
      },
    }
  },
})

type HstsConfig = Static<typeof hstsSchema>

function preloadFaults({ preload, include_sub_domains, max_age }: HstsConfig): PluginFault[] {
  if (!preload || (include_sub_domains && max_age >= preloadMinSeconds)) return []
  const message = `preload needs include_sub_domains, and a max_age of ${preloadMinSeconds} or more`
  return [{ path: ['preload'], message }]
}

const valueOf = ({ max_age, include_sub_domains, preload }: HstsConfig): string =>
  [
    `max-age=${max_age}`,
    ...(include_sub_domains ? ['includeSubDomains'] : []),
    ...(preload ? ['preload'] : []),
  ].join('; ')
