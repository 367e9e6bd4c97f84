import { createHash } from 'node:crypto'
import type { PluginExchange } from '../plugin.ts'
import type { ProxyCacheConfig } from './schema.ts'

/** Kong reads so many parameters, no more. */
const maxParameters = 1000

/**
 * What Kong makes its key of (consumer and route, method, path, and the values of the query
 * parameters and fields that count), with each part apart from the next. With Kong a value can look
 * like two, and one host like another: an answer made for one request would be given to others.
 */
export const cacheKey = (exchange: PluginExchange, config: ProxyCacheConfig): string => {
  const { request, route, consumer, credential } = exchange
  const { method, scheme, host } = request
  const path = pathOf(request.target)
  const parts = [
    route?.id ?? null,
    // Kong knows nobody without a consumer; who comes by OIDC has a credential only.
    consumer?.id ?? credential?.id ?? null,
    method,
    scheme,
    host.toLowerCase(),
    config.ignore_uri_case === true ? path.toLowerCase() : path,
    parametersKey(request.query, config.vary_query_params ?? []),
    (config.vary_headers ?? []).map((name) => request.headers.all(name.toLowerCase())),
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

const pathOf = (target: string): string => {
  const mark = target.indexOf('?')
  return mark === -1 ? target : target.slice(0, mark)
}

/** Names in any order; values of one name in theirs, which services tell apart. */
const parametersKey = (query: string, chosen: readonly string[]) => {
  const values = parametersOf(query)
  const names = chosen.length > 0 ? chosen : [...values.keys()].sort()
  return names.map((name) => [name, values.get(name) ?? []])
}

/** Decoded, in order; `true` for a parameter without `=`. */
const parametersOf = (query: string): Map<string, (string | true)[]> => {
  const found = new Map<string, (string | true)[]>()
  for (const pair of query.slice(1).split('&', maxParameters)) {
    const equals = pair.indexOf('=')
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals))
    if (name === '') continue
    const value = equals === -1 ? true : decoded(pair.slice(equals + 1))
    const values = found.get(name)
    if (values === undefined) found.set(name, [value])
    else values.push(value)
  }
  return found
}

/** Escapes that are none stay as they are. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
