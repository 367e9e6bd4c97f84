import type { BalanceAsk } from './balance/balancing.ts'
import type { ClientExchange } from './client-exchange.ts'
import type { Way } from './way.ts'

/** What a balancer may ask about a request; nothing is worked out before it does. */
export class RequestAsk implements BalanceAsk {
  /** Id of the consumer, as soon as it is known. */
  consumer: string | null = null
  clientIp: string
  private readonly client: ClientExchange
  private readonly now: () => number
  private readonly way: Way

  constructor(client: ClientExchange, now: () => number, way: Way) {
    this.client = client
    this.now = now
    this.way = way
    this.clientIp = client.client.address
  }

  get nowMs(): number {
    return this.now()
  }

  get path(): string {
    return this.way.path
  }

  header(lowerName: string): string | undefined {
    return this.client.headers.get(lowerName)
  }

  cookie(name: string): string | undefined {
    const text = this.client.headers.joined('cookie')
    return text === undefined ? undefined : cookieIn(text, name)
  }

  queryArg(name: string): string | undefined {
    return new URLSearchParams(this.way.query).get(name) ?? undefined
  }

  capture(name: string): string | undefined {
    const { captures } = this.way
    if (captures === null) return undefined
    return captures.named[name] ?? captures.list[Number(name) - 1]
  }
}

/** Value of the first cookie of this name; pairs end at `;`, whatever quotes say (RFC 6265 5.4). */
const cookieIn = (text: string, name: string): string | undefined => {
  for (const pair of text.split(';')) {
    const equals = pair.indexOf('=')
    if (equals !== -1 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
  }
  return undefined
}
