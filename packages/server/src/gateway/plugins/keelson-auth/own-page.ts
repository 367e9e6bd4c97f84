import { isOwnOrigin, isSafe } from '../../../kernel/http/origin.ts'
import { several, single } from '../authentication.ts'
import type { PluginRequest } from '../plugin.ts'

/**
 * Whether a session may vouch for this request, by the rules of the platform itself: a page on another
 * port of this host is the same site to the browser, which sends the cookie along.
 */
export const maySessionVouch = (request: PluginRequest): boolean =>
  (isSafe(request.method) && !isWebSocket(request)) || isFromOwnPage(request)

/** A handshake is a GET, and no preflight is asked before it. Upgrade itself stays with the gateway. */
const isWebSocket = ({ headers }: PluginRequest): boolean => headers.has('sec-websocket-key')

/** A program says nothing of where it is from: it has tokens, and no business with a session. */
const isFromOwnPage = ({ headers, host, scheme }: PluginRequest): boolean => {
  const origin = single(headers, 'origin')
  if (origin === several) return false
  if (origin !== undefined) return isOwnOrigin({ host, protocol: scheme }, origin)
  const site = single(headers, 'sec-fetch-site')
  return site === 'same-origin' || site === 'none'
}
