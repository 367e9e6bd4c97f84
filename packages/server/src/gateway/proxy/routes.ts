/**
 * Route matching: host first (exact, then the longest `*.` wildcard, then none), within a host
 * the longest path prefix on segment boundaries. A host that has no matching path falls through
 * to the next kind of host.
 */
export type RouteKey = { host?: string; path: string }

export type RouteMatcher<T> = {
  /** `host` as in the Host header, `path` without query. */
  find(host: string, path: string): T | undefined
}

type PathTable<T> = { longest: number; byPath: Map<string, T> }

/** The first of two routes with the same host and path wins; `onDuplicate` hears of the other. */
export const createRouteMatcher = <T extends RouteKey>(
  routes: readonly T[],
  onDuplicate: (loser: T, winner: T) => void,
): RouteMatcher<T> => {
  const exact = new Map<string, PathTable<T>>()
  const wildcards = new Map<string, PathTable<T>>()
  const anyHost: PathTable<T> = { longest: 0, byPath: new Map() }

  for (const route of routes) {
    const host = route.host?.toLowerCase()
    const table =
      host === undefined || host === '' || host === '*'
        ? anyHost
        : host.startsWith('*.')
          ? tableOf(wildcards, host.slice(1))
          : tableOf(exact, host)
    const path = prefixOf(route.path)
    const winner = table.byPath.get(path)
    if (winner !== undefined) {
      onDuplicate(route, winner)
      continue
    }
    table.byPath.set(path, route)
    table.longest = Math.max(table.longest, path.length)
  }

  const hostless = exact.size === 0 && wildcards.size === 0
  return {
    find: (host, path) => {
      if (hostless) return findPath(anyHost, path)
      const name = hostnameOf(host)
      const own = exact.get(name)
      const found = own === undefined ? undefined : findPath(own, path)
      return found ?? findWildcard(wildcards, name, path) ?? findPath(anyHost, path)
    },
  }
}

const tableOf = <T>(tables: Map<string, PathTable<T>>, host: string): PathTable<T> => {
  const known = tables.get(host)
  if (known !== undefined) return known
  const table: PathTable<T> = { longest: 0, byPath: new Map() }
  tables.set(host, table)
  return table
}

/** `/shop/` and `/shop` are the same prefix; the prefix of everything is empty. */
export const prefixOf = (path: string): string => {
  let end = path.length
  while (end > 0 && path.charCodeAt(end - 1) === 0x2f) end -= 1
  return end === path.length ? path : path.slice(0, end)
}

/** Looks at the prefixes that end at a slash, none longer than the longest route. */
const findPath = <T>({ longest, byPath }: PathTable<T>, path: string): T | undefined => {
  let end = path.length
  if (end > longest) {
    end = path.charCodeAt(longest) === 0x2f ? longest : path.lastIndexOf('/', longest)
  }
  while (end > 0) {
    const found = byPath.get(path.slice(0, end))
    if (found !== undefined) return found
    end = path.lastIndexOf('/', end - 1)
  }
  return byPath.get('')
}

const findWildcard = <T>(
  tables: Map<string, PathTable<T>>,
  name: string,
  path: string,
): T | undefined => {
  if (tables.size === 0) return undefined
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const table = dot === 0 ? undefined : tables.get(name.slice(dot))
    const found = table === undefined ? undefined : findPath(table, path)
    if (found !== undefined) return found
  }
  return undefined
}

/** The name in a Host header: lower case, without port and final dot. */
const hostnameOf = (host: string): string => {
  const bracket = host.startsWith('[') ? host.indexOf(']') : -1
  const colon = host.indexOf(':', bracket + 1)
  const name = (colon === -1 ? host : host.slice(0, colon)).toLowerCase()
  return name.endsWith('.') ? name.slice(0, -1) : name
}

/** What is left of the request target (with query) when the prefix is taken off. */
export const stripPrefix = (target: string, prefixLength: number): string => {
  let at = prefixLength
  // Several slashes would read as `//host` of a network-path reference (RFC 3986 4.2).
  while (target.charCodeAt(at) === 0x2f) at += 1
  return `/${target.slice(at)}`
}

/** Dot segments hide where a request goes: `/public/../admin`, also as `%2e`. */
const dotSegment = /\/(?:\.|%2e){1,2}(?:\/|$)/i

/**
 * The path with its dot segments resolved (RFC 3986 5.2.4), so that the route that is matched is
 * the one that the service will see. Most paths come back as they are.
 */
export const resolveDots = (path: string): string => {
  if (!path.includes('/.') && !path.includes('/%2')) return path
  if (!dotSegment.test(path)) return path
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  for (const [index, segment] of segments.entries()) {
    const plain = segment.replaceAll(/%2e/gi, '.')
    const last = index === segments.length - 1
    if (plain === '..') kept.pop()
    if (plain !== '.' && plain !== '..') kept.push(segment)
    else if (last) kept.push('')
  }
  return `/${kept.join('/')}`
}
