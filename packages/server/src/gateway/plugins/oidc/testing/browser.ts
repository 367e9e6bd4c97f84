import type { ManualClock } from '../../../../kernel/testing/clock.ts'
import type { OidcProvider } from '../../../testing/oidc-provider.ts'
import { accessExchange, answerHeader, people } from '../../testing/access.ts'
import { instanceOf, testHost, type AskedExchange } from '../../testing/index.ts'
import { oidc } from '../handler.ts'

type World = { provider: OidcProvider; clock: ManualClock }

/** Consumers that tokens may name. */
export const given = people({ ada: { customId: 'ada@example' }, guest: {} })

/** Browsers that follow nothing by themselves, each before a gateway of its own. */
export const browsersOf =
  (world: () => World) =>
  (config: object = {}) => {
    const { provider, clock } = world()
    const jar = new Map<string, string>()
    const instance = instanceOf(
      oidc,
      {
        ...{ issuer: provider.issuer, client_id: 'gateway', client_secret: 'gateway-secret' },
        ...{ allow_http: true, allow_internal: true, groups_claim: 'groups', ...config },
      },
      testHost({ clock }),
    )
    const ask = async (asked: AskedExchange = {}) => {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      const headers = [
        ...(asked.headers ?? ['Accept', 'text/html']),
        ...(cookie === '' ? [] : ['Cookie', cookie]),
      ]
      const exchange = accessExchange(given, { ...asked, headers })
      await instance.access?.(exchange)
      for (const line of exchange.answerHeaders.all('set-cookie')) keep(jar, line)
      const { answer, who } = exchange
      const subject = who?.consumer?.username ?? who?.credential?.name ?? 'nobody'
      return { exchange, is: answer === null ? subject : String(answer.status) }
    }
    /** From a page to the provider and back. */
    const logIn = async (path = '/orders', query = '?page=2') => {
      const sent = await ask({ path, query })
      const back = await follow(answerHeader(sent.exchange, 'Location') ?? '')
      const { pathname, search } = new URL(back)
      const returned = await ask({ path: pathname, query: search })
      return { sent, back, returned }
    }
    return { jar, ask, logIn, close: () => instance.close?.() }
  }

/** Where the provider sends a browser that comes to it. */
export const follow = async (url: string): Promise<string> => {
  const answer = await fetch(url, { redirect: 'manual' })
  return answer.headers.get('location') ?? ''
}

const keep = (jar: Map<string, string>, line: string): void => {
  const [pair = '', ...attributes] = line.split('; ')
  const equals = pair.indexOf('=')
  if (attributes.includes('Max-Age=0')) jar.delete(pair.slice(0, equals))
  else jar.set(pair.slice(0, equals), pair.slice(equals + 1))
}
