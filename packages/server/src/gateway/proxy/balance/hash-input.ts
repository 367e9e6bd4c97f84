import type { HashInput, Upstream } from '../../config/model.ts'
import type { BalanceAsk } from './balancing.ts'

type Reader = (ask: BalanceAsk) => string | undefined

export type HashInputs = {
  /**
   * The text by which consistent hashing chooses: what `hash_on` names, else what `hash_fallback`
   * names. Undefined when a request has neither; it then goes anywhere.
   */
  textOf: Reader
  /** The cookie to make for this request, as Kong does when the one to hash on is missing. */
  missingCookie(ask: BalanceAsk): { name: string; path: string } | null
}

export const compileHashInputs = (upstream: Upstream): HashInputs => {
  const first = readerOf(upstream.hash_on, {
    header: upstream.hash_on_header,
    arg: upstream.hash_on_query_arg,
    capture: upstream.hash_on_uri_capture,
    cookie: upstream.hash_on_cookie,
  })
  const second = readerOf(upstream.hash_fallback, {
    header: upstream.hash_fallback_header,
    arg: upstream.hash_fallback_query_arg,
    capture: upstream.hash_fallback_uri_capture,
    cookie: upstream.hash_on_cookie,
  })
  // A cookie that is missing is made, so a fallback behind it is never asked.
  const textOf: Reader = upstream.hash_on === 'cookie' ? first : (ask) => first(ask) ?? second(ask)
  const cookie = cookieOf(upstream)
  return {
    textOf,
    missingCookie: (ask) => (cookie === null || textOf(ask) !== undefined ? null : cookie),
  }
}

const cookieOf = (upstream: Upstream): { name: string; path: string } | null => {
  const { hash_on, hash_fallback, hash_on_cookie: name, hash_on_cookie_path: path } = upstream
  if (name === null || (hash_on !== 'cookie' && hash_fallback !== 'cookie')) return null
  return { name, path }
}

type Names = Record<'header' | 'arg' | 'capture' | 'cookie', string | null>

const readerOf = (input: HashInput, names: Names): Reader => {
  const { cookie, capture, arg } = names
  const header = names.header?.toLowerCase() ?? null
  switch (input) {
    case 'none':
      return () => undefined
    case 'consumer':
      return (ask) => ask.consumer ?? undefined
    case 'ip':
      return (ask) => ask.clientIp
    case 'path':
      return (ask) => ask.path
    case 'header':
      return (ask) => (header === null ? undefined : ask.header(header))
    case 'cookie':
      return (ask) => (cookie === null ? undefined : ask.cookie(cookie))
    case 'query_arg':
      return (ask) => (arg === null ? undefined : ask.queryArg(arg))
    case 'uri_capture':
      return (ask) => (capture === null ? undefined : ask.capture(capture))
  }
}
