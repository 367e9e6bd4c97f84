import type { RouteEntry } from './route-match.ts'

/** What decides on the path that is sent, of a route and its service. */
export type PathRule = Pick<RouteEntry<unknown>, 'stripPath' | 'pathHandling' | 'servicePath'>

/**
 * The path to ask the service for, as Kong joins it (kong/router/utils.lua): what is left of the
 * request's path after the prefix, if that is stripped, behind the path of the service.
 * `matchedLength` is the length of what matched; a route without paths matches the first slash.
 */
export const upstreamPath = (
  { stripPath, pathHandling, servicePath }: PathRule,
  path: string,
  matchedLength: number,
): string => {
  const base = servicePath ?? '/'
  if (pathHandling === 'v1') return joinV1(base, stripPath, path, matchedLength)
  if (!stripPath) return base === '/' ? path : joinWhole(base, path)
  return joinRest(base, path, safeRest(path.slice(matchedLength)))
}

const slash = 0x2f

const endsWithSlash = (path: string): boolean => path.charCodeAt(path.length - 1) === slash

const joinWhole = (base: string, path: string): string => {
  if (endsWithSlash(base)) return base + path.slice(1)
  return path === '/' ? base : base + path
}

const joinRest = (base: string, path: string, rest: string): string => {
  if (rest === '') return joinNothing(base, path)
  const slashed = rest.charCodeAt(0) === slash
  if (endsWithSlash(base)) return slashed ? base.slice(0, -1) + rest : base + rest
  return slashed ? base + rest : `${base}/${rest}`
}

/** The request asked for the prefix itself: a slash at its end is kept. */
const joinNothing = (base: string, path: string): string => {
  if (base === '/') return '/'
  if (endsWithSlash(base)) return endsWithSlash(path) ? base : base.slice(0, -1)
  return path.length > 1 && endsWithSlash(path) ? `${base}/` : base
}

/** `/a` stripped of `/a../b` leaves `../b`, which would climb out of the service's path. */
const safeRest = (rest: string): string => {
  if (rest.charCodeAt(0) !== 0x2e) return rest
  if (rest === '.' || rest === '..') return ''
  if (rest.startsWith('./')) return rest.slice(2)
  return rest.startsWith('../') ? rest.slice(3) : rest
}

/** Deprecated in Kong: base and rest are put together as they are. */
const joinV1 = (base: string, strip: boolean, path: string, matchedLength: number): string => {
  if (!strip) return base + path.slice(1)
  const rest = safeRest(path.slice(matchedLength))
  const doubled = endsWithSlash(base) && rest.charCodeAt(0) === slash
  return (doubled ? base.slice(0, -1) : base) + rest
}
