import type { RouteAsk, RouteEntry } from '../route-match.ts'

/**
 * Kong's rules read aloud: split routes by path, sort all, test all. Nothing is shared with the
 * router, so that both have to be wrong in the same way to agree on something wrong. Knows no
 * versions and no addresses.
 */
export const findNaively = <T>(
  entries: readonly RouteEntry<T>[],
  ask: RouteAsk,
): { entry: RouteEntry<T>; path: string | null } | undefined =>
  entries
    .flatMap((entry) => {
      const paths: readonly (string | null)[] = entry.paths.length === 0 ? [null] : entry.paths
      return paths.map((path) => ({ entry, path, weights: weightsOf(entry, path) }))
    })
    .sort((a, b) => compareWeights(a.weights, b.weights))
    .find(({ entry, path }) => matches(entry, path, ask))

const weightsOf = <T>(entry: RouteEntry<T>, path: string | null): number[] => {
  const { hosts, methods, snis, paths } = entry
  const headers = Object.keys(entry.headers)
  const regex = path?.startsWith('~') === true
  // As Kong's older router ranks the kinds of conditions.
  const kinds = [hosts, headers, paths, methods, snis].map(({ length }) => (length > 0 ? 1 : 0))
  return [
    kinds.reduce<number>((sum, kind) => sum + kind, 0),
    hosts.length > 0 && !hosts.join().includes('*') ? 1 : 0,
    headers.length,
    regex ? 1 : 0,
    regex ? entry.regexPriority : 0,
    regex || path === null ? 0 : path.length,
    ...kinds,
    hosts.some((host) => host.includes(':')) ? 1 : 0,
  ]
}

const compareWeights = (a: readonly number[], b: readonly number[]): number => {
  for (const [index, weight] of a.entries()) {
    const difference = (b[index] ?? 0) - weight
    if (difference !== 0) return difference
  }
  return 0
}

const matches = <T>(entry: RouteEntry<T>, path: string | null, ask: RouteAsk): boolean => {
  const { methods, hosts, snis, headers } = entry
  const [hostName = '', port = ask.scheme === 'https' ? '443' : '80'] = ask.host.split(':')
  return (
    (methods.length === 0 || methods.includes(ask.method)) &&
    (hosts.length === 0 || hosts.some((host) => takesHost(host, hostName, port))) &&
    (path === null || takesPath(path, ask.path, entry.segments)) &&
    (snis.length === 0 || ask.scheme === 'http' || snis.some((sni) => fits(sni, ask.sni ?? ''))) &&
    Object.entries(headers).every(([name, values]) =>
      ask.headers
        .all(name)
        .some((given) => values.some((value) => takesValue(value, given.toLowerCase()))),
    )
  )
}

const takesHost = (host: string, name: string, port: string): boolean => {
  const [pattern = '', wanted] = host.split(':')
  return name !== '' && fits(pattern, name) && (wanted === undefined || wanted === port)
}

const fits = (pattern: string, name: string): boolean => {
  if (name === '') return false
  if (pattern.startsWith('*')) return name.endsWith(pattern.slice(1))
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

const takesPath = (pattern: string, path: string, segments: boolean): boolean => {
  if (pattern.startsWith('~')) return new RegExp(`^(?:${pattern.slice(1)})`, 'u').test(path)
  if (!segments) return path.startsWith(pattern)
  const prefix = pattern.endsWith('/') ? pattern.slice(0, -1) : pattern
  return path === prefix || path.startsWith(`${prefix}/`)
}

const takesValue = (value: string, given: string): boolean =>
  value.startsWith('~*')
    ? new RegExp(value.slice(2), 'iu').test(given)
    : value.toLowerCase() === given
