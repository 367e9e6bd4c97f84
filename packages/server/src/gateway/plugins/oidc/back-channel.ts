import { errors } from 'jose'
import { messageOf } from '../../../kernel/errors.ts'
import type { PluginExchange, PluginHost } from '../plugin.ts'
import { parameterValues } from '../query.ts'
import type { EndedSessions } from './ended-sessions.ts'
import type { Provider } from './provider.ts'
import { TokensRefused } from './token-checks.ts'

/** A logout token is about 1 kB. */
const bodyLimit = 64 * 1024

type Deps = { provider: Provider; ended: EndedSessions; log: PluginHost['log'] }

/**
 * The provider says that somebody has logged out (OpenID Connect Back-Channel Logout 1.0, 2.5 to
 * 2.8). Answered 200 only when it is kept: the provider tries again otherwise.
 */
export const takeLogout = async (
  exchange: PluginExchange,
  { provider, ended, log }: Deps,
): Promise<void> => {
  const token = exchange.request.method === 'POST' ? await tokenOf(exchange) : null
  if (token === null) return answer(exchange, 400, 'A form with one logout_token is expected')
  try {
    await ended.end(await provider.readLogoutToken(token))
  } catch (error) {
    if (error instanceof TokensRefused || error instanceof errors.JOSEError) {
      return answer(exchange, 400, `The logout token does not hold: ${error.message}`)
    }
    log.warn(
      { error: messageOf(error) },
      'a logout could not be kept; the provider has to try again',
    )
    return answer(exchange, 503, 'The logout could not be kept; try again')
  }
  return answer(exchange, 200, null)
}

const tokenOf = async ({ request }: PluginExchange): Promise<string | null> => {
  const form = await request.readBody(bodyLimit)
  const tokens = parameterValues(`?${form?.toString('utf8') ?? ''}`, 'logout_token')
  const [only = '', second] = tokens
  return only === '' || second !== undefined ? null : only
}

const errorCodes: Partial<Record<number, string>> = {
  400: 'invalid_request',
  503: 'temporarily_unavailable',
}

const answer = (exchange: PluginExchange, status: number, problem: string | null): void =>
  exchange.respond({
    status,
    headers: ['Content-Type', 'application/json', 'Cache-Control', 'no-store'],
    body:
      problem === null
        ? '{}'
        : JSON.stringify({ error: errorCodes[status], error_description: problem }),
  })
