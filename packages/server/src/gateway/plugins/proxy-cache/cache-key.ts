import { createHash } from 'node:crypto'
import type { PluginExchange } from '../plugin.ts'
import type { ProxyCacheConfig } from './schema.ts'

/** Kong reads so many parameters, no more. */
const maxParameters = 1000

/**
 * Kong's key: SHA-256 of consumer and route, method, request line, and the values of the query
 * parameters and header fields that count.
 */
export const cacheKey = (exchange: PluginExchange, config: ProxyCacheConfig): string => {
  const { request, route, consumer, credential } = exchange
  const parts = [
    // Kong knows nobody without a consumer; who comes by OIDC has a credential only.
    ownerOf(route?.id, consumer?.id ?? credential?.id),
    request.method,
    config.ignore_uri_case === true ? lineOf(exchange).toLowerCase() : lineOf(exchange),
    parametersKey(request.query, config.vary_query_params ?? []),
    headersKey(exchange, config.vary_headers ?? []),
  ]
  return createHash('sha256').update(parts.join('|')).digest('hex')
}

const ownerOf = (route: string | undefined, consumer: string | undefined): string => {
  if (route === undefined) return 'default'
  return consumer === undefined ? route : `${consumer}:${route}`
}

/** Kong cuts the request line at its query, and with it the version behind it. */
const lineOf = ({ request }: PluginExchange): string => {
  const mark = request.target.indexOf('?')
  if (mark !== -1) return `${request.method} ${request.target.slice(0, mark)}`
  const version = request.version === '2' ? '2.0' : request.version
  return `${request.method} ${request.target} HTTP/${version}`
}

const parametersKey = (query: string, chosen: readonly string[]): string => {
  const values = parametersOf(query)
  const names = chosen.length > 0 ? chosen : [...values.keys()].sort()
  return keyFrom(names, (name) => values.get(name))
}

const headersKey = ({ request }: PluginExchange, chosen: readonly string[]): string =>
  keyFrom(chosen, (name) => {
    const found = request.headers.all(name.toLowerCase())
    return found.length === 0 ? undefined : found
  })

const keyFrom = (
  names: readonly string[],
  valuesOf: (name: string) => readonly (string | true)[] | undefined,
): string =>
  names
    .flatMap((name) => {
      const values = valuesOf(name)
      if (values === undefined) return []
      if (values.length === 1 && values[0] === true) return [name]
      return [`${name}=${values.map(String).sort().join(',')}`]
    })
    .join(':')

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
