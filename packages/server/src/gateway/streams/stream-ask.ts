import type { BalanceAsk } from '../proxy/balance/balancing.ts'
import type { ClientAddress } from '../proxy/client-exchange.ts'
import { HeaderList } from '../proxy/header-list.ts'
import type { RouteAsk } from '../proxy/router/route-match.ts'

const noHeaders = new HeaderList([])

/** What routes of connections are held against. */
export const streamAsk = (sni: string | null, client: ClientAddress): RouteAsk => ({
  // As https, since plain http is not held to names.
  ...{ method: '', scheme: 'https', host: '', path: '/', headers: noHeaders, sni, client },
})

const nothing = (): undefined => undefined

/** Of a connection there is nothing to choose a target by but the address of its client. */
export const balanceAskOf = (clientIp: string, nowMs: number): BalanceAsk => ({
  ...{ consumer: null, path: '/', clientIp, nowMs },
  ...{ header: nothing, cookie: nothing, queryArg: nothing, capture: nothing },
})
