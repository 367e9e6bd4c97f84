import type { GatewayExplanation } from '@keelson/contract'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { usageError } from '../../failure.ts'
import { getRunning } from '../../platform.ts'

export type ExplainOptions = { header?: readonly string[]; consumer?: string; clientIp?: string }

const marks = { wins: '✓', 'matches but loses': '·', 'does not match': '✗' } as const

/** Which route a request would take and why; nothing is sent. */
export const explain = async (
  context: Context,
  { header = [], consumer, clientIp }: ExplainOptions,
  [method = '', url = '']: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const explained = await platform.call('explainGateway', {
    body: {
      ...{ method: method.toUpperCase(), url: urlOf(method, url) },
      headers: header.map(headerOf),
      ...(consumer === undefined ? {} : { consumer }),
      ...(clientIp === undefined ? {} : { clientIp }),
    },
  })
  if (shared.json) output.data(JSON.stringify(explained, null, 2))
  else for (const line of linesOf(explained)) output.data(line)
  return exitCodes.ok
}

/** A host alone is an address too: `shop.test/orders`; for a connection it is the form there is. */
const urlOf = (method: string, url: string): string => {
  if (/^(?:tcp|tls)$/i.test(method) || url.startsWith('/')) return url
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`
  const isNamed = whole === url || /^(?:localhost|[^/]*[.:])/.test(url)
  if (isNamed && URL.canParse(whole)) return whole
  throw usageError(`${url} is neither a path nor a URL`, `keelson gateway explain GET /${url}`)
}

const headerOf = (text: string): { name: string; value: string } => {
  const colon = text.indexOf(':')
  if (colon < 1) throw usageError(`${text} is no header`, "write it as 'Name: value'")
  return { name: text.slice(0, colon).trim(), value: text.slice(colon + 1).trim() }
}

const linesOf = ({ sentence, routes, plugins, upstream }: GatewayExplanation): string[] => [
  sentence,
  ...section(
    'Routes',
    routes.map(
      (one) => `${marks[one.outcome]} ${one.name ?? one.id} (${one.manager.text}): ${one.reason}`,
    ),
  ),
  ...section(
    'Plugins, in this order',
    plugins.map(({ name, scope, phases }) => `${name} (${scope}): ${phases.join(', ')}`),
  ),
  ...section(
    'Upstream',
    upstream === null
      ? []
      : [
          `asks for ${upstream.url}, Host ${upstream.host}`,
          `${upstream.algorithm}: ${upstream.target ?? 'no target'}, ${upstream.why}`,
          ...upstream.others,
        ],
  ),
]

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)]
