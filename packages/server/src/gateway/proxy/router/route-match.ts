import type { RouteAddress } from '../../config/model.ts'
import type { ClientAddress } from '../client-exchange.ts'
import type { HeaderList } from '../header-list.ts'
import type { RouteVersion, VersionMatch } from './versions.ts'

/** What a route is matched by: all that Kong's router looks at. */
export type RouteAsk = {
  method: string
  scheme: 'http' | 'https'
  /** As it came, with port. */
  host: string
  /** Normalised (`normalizePath`), without query. */
  path: string
  headers: HeaderList
  sni: string | null
  /**
   * For routes with sources, destinations, or a port in their hosts (when the request names
   * none). Absent: such sources and destinations match nothing, and the port is the scheme's.
   */
  client?: ClientAddress
}

/** A route as the router needs it; `T` is what the engine hangs on it. */
export type RouteEntry<T> = {
  id: string
  name: string | null
  protocols: readonly string[]
  methods: readonly string[]
  hosts: readonly string[]
  paths: readonly string[]
  headers: Readonly<Record<string, readonly string[]>>
  snis: readonly string[]
  sources?: readonly RouteAddress[]
  destinations?: readonly RouteAddress[]
  regexPriority: number
  stripPath: boolean
  pathHandling: 'v0' | 'v1'
  /** Prefixes end at segment borders. */
  segments: boolean
  /** Path of the service; null is `/`. */
  servicePath: string | null
  /** Of which version of an API this route is (versions.ts). */
  version?: RouteVersion | null
  value: T
}

export type RouteMatch<T> = {
  entry: RouteEntry<T>
  /** The prefix that matched, or what the regex took; empty when the route has no paths. */
  matchedPath: string
  /** The path to send, joined and stripped as the route says, escaped; without query. */
  upstreamPath: string
  /** What was stripped, escaped, for X-Forwarded-Prefix; empty when nothing. */
  strippedPrefix: string
  /** Of the path regex: by number from 1 (at index 0), and by name. Null when there are none. */
  captures: { list: readonly string[]; named: Readonly<Record<string, string>> } | null
  /** The route takes https only and this is http: 426, or the redirect that the route says. */
  needsHttps: boolean
  /** Null: the route has no versions. With `refused`, the answer is 406 (versions.ts). */
  version: VersionMatch | null
}

export type Router<T> = {
  find(ask: RouteAsk): RouteMatch<T> | undefined
  /** Every route of the table that could be meant, best first, with why it wins or loses. */
  explain(ask: RouteAsk): RouteExplanation<T>[]
}

export type RouteExplanation<T> = {
  id: string
  name: string | null
  /** What hangs on the entry: ids are unique within a document only. */
  value: T
  outcome: 'wins' | 'matches but loses' | 'does not match'
  /** A sentence: `method is GET, the route takes POST`. */
  reason: string
}
