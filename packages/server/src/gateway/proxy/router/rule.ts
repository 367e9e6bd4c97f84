import {
  addressConditions,
  fitsDestination,
  fitsHeader,
  fitsSource,
  headerConditions,
  type AddressCondition,
  type HeaderCondition,
} from './conditions.ts'
import { namePattern, splitHost, takesName, type NamePattern } from './host.ts'
import { priorityOf, type Priority } from './priority.ts'
import type { RouteAsk, RouteEntry } from './route-match.ts'
import { compileSafeRegex, type SafeRegex, type SafeRegexMatch } from './safe-regex.ts'
import { judgeVersion, type RouteVersion } from './versions.ts'

/**
 * One path of a route with all conditions of the route: what Kong splits a route into, so that
 * each path has the priority it deserves.
 */
export type Rule<T> = {
  entry: RouteEntry<T>
  /** Place in the order of priority; 0 is the first to win. */
  rank: number
  priority: Priority
  /** As configured; null when the route has no paths. */
  path: string | null
  /** What the path of the request starts with, at least. */
  prefix: string
  regex: SafeRegex | null
  /** The prefix ends at a segment border. */
  wholeSegments: boolean
  /** Bits of the methods that the route takes; 0 when it takes all. */
  methods: number
  hosts: readonly NamePattern[]
  /** The index by host name does not settle it: ports, or an asterisk inside of a label. */
  checksHost: boolean
  headers: readonly HeaderCondition[]
  snis: readonly NamePattern[]
  sources: readonly AddressCondition[] | null
  destinations: readonly AddressCondition[] | null
  version: RouteVersion | null
  needsHttps: boolean
}

/** Numbers for methods, one set for a table. */
export type MethodBits = Map<string, number>

/** Of methods beyond the 30th; whoever has this bit compares names. */
const otherMethods = 1 << 30

/** The rules of a route, still without rank. @throws UnsafeRegexError */
export const compileRules = <T>(entry: RouteEntry<T>, methods: MethodBits): Rule<T>[] => {
  const paths = entry.paths.length === 0 ? [null] : entry.paths
  const hosts = entry.hosts.map(namePattern)
  const common = {
    entry,
    rank: 0,
    methods: bitsOf(entry.methods, methods),
    hosts,
    checksHost: hosts.some((host) => host.port !== null || !isWholeLabels(host)),
    headers: headerConditions(entry.headers),
    snis: entry.snis.map(namePattern),
    sources: addressConditions(entry.sources),
    destinations: addressConditions(entry.destinations),
    version: entry.version ?? null,
    needsHttps: takesHttpsOnly(entry.protocols),
  }
  return paths.map((path) => ({
    ...common,
    path,
    priority: priorityOf(entry, path),
    ...compilePath(path, entry.segments),
  }))
}

const compilePath = (
  path: string | null,
  segments: boolean,
): Pick<Rule<unknown>, 'prefix' | 'regex' | 'wholeSegments'> => {
  if (path === null) return { prefix: '', regex: null, wholeSegments: false }
  if (path.startsWith('~')) {
    const regex = compileSafeRegex(path.slice(1), { anchored: 'start' })
    return { prefix: regex.prefix, regex, wholeSegments: false }
  }
  if (!segments) return { prefix: path, regex: null, wholeSegments: false }
  return { prefix: path.endsWith('/') ? path.slice(0, -1) : path, regex: null, wholeSegments: true }
}

const bitsOf = (names: readonly string[], known: MethodBits): number => {
  let bits = 0
  for (const name of names) {
    const number = known.get(name) ?? known.size
    known.set(name, number)
    bits |= number < 30 ? 1 << number : otherMethods
  }
  return bits
}

const isWholeLabels = ({ kind, text }: NamePattern): boolean =>
  kind === 'exact' || (kind === 'suffix' ? text.startsWith('.') : text.endsWith('.'))

const takesHttpsOnly = (protocols: readonly string[]): boolean =>
  (protocols.includes('https') || protocols.includes('wss')) &&
  !protocols.includes('http') &&
  !protocols.includes('ws')

/** A request as rules see it; one object for a router, filled anew for each request. */
export type Asked = {
  ask: RouteAsk
  method: number
  hostName: string
  port: number
  /** Of the regex that fitted last. */
  regexMatch: SafeRegexMatch | null
}

/** DNS has none longer (RFC 1035 2.3.4); wildcards look at every label. */
const longestName = 253

export const fillAsked = (asked: Asked, ask: RouteAsk, methods: MethodBits): void => {
  const { name, port } = splitHost(ask.host)
  const number = methods.get(ask.method)
  asked.ask = ask
  asked.method = number === undefined ? 0 : number < 30 ? 1 << number : otherMethods
  asked.hostName = name.length > longestName ? '' : name
  asked.port = port ?? ask.client?.localPort ?? (ask.scheme === 'https' ? 443 : 80)
  asked.regexMatch = null
}

/** Conditions in the order of their price; the first that fails ends the matter. */
export const fits = <T>(rule: Rule<T>, asked: Asked): boolean =>
  fitsMethod(rule, asked) &&
  (!rule.checksHost || fitsHost(rule, asked)) &&
  (rule.headers.length === 0 || fitsHeaders(rule, asked)) &&
  (rule.snis.length === 0 || fitsSni(rule, asked)) &&
  (rule.sources === null || fitsSource(rule.sources, asked.ask.client)) &&
  (rule.destinations === null || fitsDestination(rule.destinations, asked.ask.client)) &&
  fitsPath(rule, asked) &&
  (rule.version === null || fitsVersion(rule.version, asked))

export const fitsMethod = <T>({ methods, entry }: Rule<T>, asked: Asked): boolean => {
  if (methods === 0) return true
  if ((methods & asked.method) === 0) return false
  return asked.method !== otherMethods || entry.methods.includes(asked.ask.method)
}

export const fitsHost = <T>({ hosts }: Rule<T>, asked: Asked): boolean => {
  if (hosts.length === 0) return true
  // Without a name, not even `*` is meant.
  if (asked.hostName === '') return false
  for (const host of hosts) {
    if ((host.port === null || host.port === asked.port) && takesName(host, asked.hostName)) {
      return true
    }
  }
  return false
}

const fitsHeaders = <T>({ headers }: Rule<T>, { ask }: Asked): boolean => {
  for (const condition of headers) if (!fitsHeader(condition, ask.headers)) return false
  return true
}

/** Plain http has no SNI, and is not held to it: it shall hear that https is needed. */
export const fitsSni = <T>({ snis }: Rule<T>, { ask }: Asked): boolean => {
  if (snis.length === 0 || ask.scheme !== 'https') return true
  const { sni } = ask
  return sni !== null && snis.some((one) => takesName(one, sni))
}

/** The prefix alone is settled by the index; here is what is left of the path's condition. */
export const fitsPath = <T>(rule: Rule<T>, asked: Asked): boolean => {
  const { path } = asked.ask
  if (rule.regex !== null) {
    asked.regexMatch = rule.regex.exec(path)
    return asked.regexMatch !== null
  }
  if (!rule.wholeSegments) return true
  const { length } = rule.prefix
  return path.length === length || path.charCodeAt(length) === 0x2f
}

const fitsVersion = (version: RouteVersion, { ask }: Asked): boolean =>
  judgeVersion(version, ask.headers) !== 'taken by another route'
