/**
 * Versions of an API: routes of one `api` of which each takes one version, named by the path, a
 * header, or the media type of Accept. A version does not change the order of routes: it chooses
 * among routes of the same API that match otherwise.
 *
 * A version nobody knows is refused with 406 and the list of known ones: the resource is there,
 * but not as the client negotiates it (RFC 9110 12.1, 15.5.7). By path, it is 404 as any path
 * that no route takes. A request that names no version goes to the default one, and is refused
 * in the same way when there is none.
 */
import type { RouteTuning } from '../../config/tuning.ts'
import type { HeaderList } from '../header-list.ts'

export type VersionTuning = NonNullable<RouteTuning['version']>

/** A version as routes carry it, made ready once. */
export type RouteVersion = {
  by: VersionTuning['by']
  /** Lower case; of `by: header`. */
  header: string
  /** In the form in which versions are compared, here and in `knownKeys`. */
  key: string
  knownKeys: ReadonlySet<string>
  /** What becomes of a request that names no version. */
  unnamed: VersionVerdict
  /** What a match says when it is served. */
  served: VersionMatch
}

export type VersionVerdict = 'served' | 'refused' | 'taken by another route'

export type VersionMatch = {
  api: string
  version: string
  /** Answer 406: the request names a version that nobody knows, or none where it must. */
  refused: boolean
  /** As the request names it; null when it names none, and when it is served. */
  asked: string | null
  /** Of the whole API, oldest first. */
  known: readonly string[]
  /** Flat: Deprecation (RFC 9745), Sunset (RFC 8594), Link, and Vary. */
  answerHeaders: readonly string[]
}

/** By which usage is counted; null for what has no version, and for what is refused. */
export const versionOf = ({
  version,
}: {
  version: VersionMatch | null
}): { api: string; version: string } | null =>
  version === null || version.refused ? null : { api: version.api, version: version.version }

/** What the version of a route says to a request. */
export const judgeVersion = (version: RouteVersion, headers: HeaderList): VersionVerdict => {
  if (version.by === 'path') return 'served'
  const asked = namedVersion(version, headers)
  if (asked === null) return version.unnamed
  const key = versionKey(asked)
  if (key === version.key) return 'served'
  return version.knownKeys.has(key) ? 'taken by another route' : 'refused'
}

/** The version that the request names; null when it names none. */
export const namedVersion = (version: RouteVersion, headers: HeaderList): string | null => {
  if (version.by === 'path') return null
  if (version.by === 'header') return headers.get(version.header)?.trim() ?? null
  return versionOfAccept(headers.joined('accept') ?? '')
}

/** The match of a request that this version refuses. */
export const refusedVersion = (version: RouteVersion, headers: HeaderList): VersionMatch => ({
  ...version.served,
  refused: true,
  asked: namedVersion(version, headers),
  answerHeaders: ['Vary', version.by === 'header' ? version.header : 'Accept'],
})

/** `v2`, `V2` and `2` are one version. */
const versionKey = (version: string): string => {
  const lower = version.toLowerCase()
  const digit = lower.charCodeAt(1)
  return lower.startsWith('v') && digit >= 0x30 && digit <= 0x39 ? lower.slice(1) : lower
}

/**
 * `application/vnd.shop.v2+json` and `application/json;version=2`: of the range with the highest
 * weight that names one (RFC 9110 12.5.1).
 */
const versionOfAccept = (accept: string): string | null => {
  let best: string | null = null
  let bestWeight = 0
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
    const weight = Number(parameterOf(parameters, 'q') ?? 1)
    const version = parameterOf(parameters, 'version') ?? versionOfMediaType(type)
    if (version === null || !(weight > bestWeight)) continue
    best = version
    bestWeight = weight
  }
  return best
}

const parameterOf = (parameters: readonly string[], name: string): string | null => {
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=')
    if (equals === -1 || parameter.slice(0, equals).trim().toLowerCase() !== name) continue
    return parameter
      .slice(equals + 1)
      .replaceAll('"', '')
      .trim()
  }
  return null
}

/** The last facet of a vendor's type: `vnd.shop.v2` of `application/vnd.shop.v2+json`. */
const versionOfMediaType = (type: string): string | null => {
  const subtype = type.slice(type.indexOf('/') + 1).toLowerCase()
  if (!subtype.startsWith('vnd.')) return null
  const plus = subtype.indexOf('+')
  const facets = plus === -1 ? subtype : subtype.slice(0, plus)
  // A version may have dots itself: `vnd.shop.v2.1`.
  for (let dot = facets.indexOf('.v'); dot !== -1; dot = facets.indexOf('.v', dot + 1)) {
    const digit = facets.charCodeAt(dot + 2)
    if (digit >= 0x30 && digit <= 0x39) return facets.slice(dot + 1)
  }
  return null
}

/** A route with a version, as far as versions care. */
export type VersionedRoute = { id: string; paths: readonly string[]; tuning: VersionTuning }

/** Versions by route, of the routes of one document. Routes share an API by its name. */
export const compileVersions = (
  routes: readonly VersionedRoute[],
): ReadonlyMap<string, RouteVersion> => {
  const compiled = new Map<string, RouteVersion>()
  for (const siblings of Map.groupBy(routes, ({ tuning }) => tuning.api).values()) {
    const sorted = siblings.toSorted((a, b) => compareVersions(a.tuning, b.tuning))
    const known = [...new Set(sorted.map(({ tuning }) => tuning.version))]
    const hasDefault = siblings.some(({ tuning }) => tuning.default === true)
    for (const route of sorted) compiled.set(route.id, compileOne(route, sorted, known, hasDefault))
  }
  return compiled
}

const compareVersions = (a: VersionTuning, b: VersionTuning): number =>
  versionKey(a.version).localeCompare(versionKey(b.version), 'en', { numeric: true })

const compileOne = (
  route: VersionedRoute,
  siblings: readonly VersionedRoute[],
  known: readonly string[],
  hasDefault: boolean,
): RouteVersion => {
  const { tuning } = route
  return {
    by: tuning.by,
    header: headerOf(tuning).toLowerCase(),
    key: versionKey(tuning.version),
    knownKeys: new Set(known.map(versionKey)),
    unnamed: tuning.default === true ? 'served' : hasDefault ? 'taken by another route' : 'refused',
    served: {
      api: tuning.api,
      version: tuning.version,
      refused: false,
      asked: null,
      known,
      answerHeaders: answerHeadersOf(route, siblings),
    },
  }
}

const headerOf = ({ header }: VersionTuning): string => header ?? 'X-API-Version'

const answerHeadersOf = (
  route: VersionedRoute,
  siblings: readonly VersionedRoute[],
): readonly string[] => {
  const { tuning } = route
  const { deprecated_at: deprecated, sunset_at: sunset, link } = tuning
  const headers: string[] = []
  // Caches must not give one version for another (RFC 9110 12.5.5).
  if (tuning.by !== 'path') {
    headers.push('Vary', tuning.by === 'header' ? headerOf(tuning) : 'Accept')
  }
  if (deprecated !== undefined) {
    headers.push('Deprecation', `@${Math.floor(Date.parse(deprecated) / 1000)}`)
    if (link !== undefined) headers.push('Link', `<${link}>; rel="deprecation"`)
  }
  if (sunset !== undefined) {
    headers.push('Sunset', new Date(sunset).toUTCString())
    if (link !== undefined) headers.push('Link', `<${link}>; rel="sunset"`)
  }
  const successor = deprecated === undefined ? undefined : successorPath(route, siblings)
  if (successor !== undefined) headers.push('Link', `<${successor}>; rel="successor-version"`)
  return headers
}

/**
 * Where the next version lives that is not deprecated itself (RFC 5829 3.4); only versions by path have
 * an address of their own.
 */
const successorPath = (
  { tuning }: VersionedRoute,
  siblings: readonly VersionedRoute[],
): string | undefined => {
  if (tuning.by !== 'path') return undefined
  const successor = siblings.find(
    (one) =>
      compareVersions(one.tuning, tuning) > 0 &&
      one.tuning.deprecated_at === undefined &&
      one.paths[0]?.startsWith('/') === true,
  )
  return successor?.paths[0]
}
