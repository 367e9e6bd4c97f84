import type { GatewayExplainAsk, GatewayExplanation } from '@keelson/contract'

export type HeaderRow = { key: number; name: string; value: string }

/** The question as it is being written. */
export type AskForm = {
  method: string
  url: string
  headers: readonly HeaderRow[]
  consumer: string
  clientIp: string
}

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** As the API takes at most. */
export const headersMax = 100

/** Without what was left empty. A host alone is an address too: `shop.test/orders`. */
export const askOf = ({
  method,
  url,
  headers,
  consumer,
  clientIp,
}: AskForm): GatewayExplainAsk => ({
  method,
  url: urlOf(url.trim()),
  headers: headers
    .map(({ name, value }) => ({ name: name.trim(), value }))
    .filter(({ name }) => name !== ''),
  ...(consumer.trim() === '' ? {} : { consumer: consumer.trim() }),
  ...(clientIp.trim() === '' ? {} : { clientIp: clientIp.trim() }),
})

const urlOf = (url: string): string => {
  if (url === '' || url.startsWith('/')) return url || '/'
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`
}

type Outcome = GatewayExplanation['routes'][number]['outcome']
const order: readonly Outcome[] = ['wins', 'matches but loses', 'does not match']

/** The winner, those that would have matched, and the others, each in the order they are matched. */
export const byOutcome = (
  routes: GatewayExplanation['routes'],
): Record<Outcome, GatewayExplanation['routes']> => {
  const found = Map.groupBy(routes, ({ outcome }) => outcome)
  const [wins, loses, no] = order.map((outcome) => found.get(outcome) ?? [])
  return { wins: wins ?? [], 'matches but loses': loses ?? [], 'does not match': no ?? [] }
}
