import type { GatewayExplainAsk } from '@keelson/contract'
import type { UpstreamState } from './proxy/balance/upstream-state.ts'

/** What the control process asks of a gateway (questions.ts). */
export type GatewayQuestion =
  | { kind: 'states' }
  | { kind: 'metrics' }
  | { kind: 'explain'; ask: GatewayExplainAsk }
  | { kind: 'purge'; what: PurgeWhat }
  /** Paths under a host, and whole URLs. */
  | { kind: 'warm'; host: string; paths: readonly string[] }

export type PurgeWhat = {
  plugin?: string
  url?: string
  prefix?: string
  tag?: string
  all?: boolean
}

/** Everything of a gateway that people look at and that changes by the second. */
export type NodeStates = {
  routes: readonly RouteCounters[]
  upstreams: readonly UpstreamState[]
  caches: readonly CacheState[]
  /** Why plugins of one's own do not run, by name; those that do are left out. */
  pluginProblems: Readonly<Record<string, string>>
}

/** Since the gateway started; routes nobody asked for are left out. */
export type RouteCounters = {
  /** `<manager> <id of the route>` */
  key: string
  requests: number
  errors: number
  /** Answers by duration: the last counts those beyond the bounds. */
  buckets: readonly number[]
  /** Upper bounds in milliseconds, one fewer than buckets. */
  boundsMs: readonly number[]
}

/** Of one http-cache or proxy-cache plugin. */
export type CacheState = {
  /** Id of the plugin. */
  plugin: string
  entries: number
  memoryBytes: number
  memoryLimitBytes: number
  diskBytes: number
  hits: number
  misses: number
  stale: number
  revalidated: number
  collapsed: number
  evictions: number
  shared: string
  tags: readonly { tag: string; entries: number }[]
}

/** What a gateway answers to `explain`; names are looked up by whoever asked. */
export type NodeExplanation = {
  routes: readonly {
    /** `<manager> <id of the route>` */
    key: string
    outcome: 'wins' | 'matches but loses' | 'does not match'
    reason: string
  }[]
  /** Ids of plugins in the order they run, each with its phases. */
  plugins: readonly { id: string; phases: readonly string[] }[]
  upstream: {
    url: string
    host: string
    algorithm: string
    target: string | null
    why: string
    /** Who else gets requests, or copies: sentences. */
    others: string[]
  } | null
  captures: Readonly<Record<string, string>>
  /** Why a route wins and yet nothing is asked: https only, plugins answer. Null otherwise. */
  note: string | null
}
