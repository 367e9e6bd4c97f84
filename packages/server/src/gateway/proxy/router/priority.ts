import { splitHost } from './host.ts'
import type { RouteEntry } from './route-match.ts'

/**
 * What decides between routes that match, the first difference first (kong/router/transform.lua,
 * get_priority). Kong leaves the rest to chance (the order of ids); here the order of the
 * configuration decides, after tie-breaks of which the first two are those of Kong's older router.
 */
export type Priority = {
  /** How many kinds of conditions the route has. */
  fields: number
  /** It names hosts, and none with a wildcard. */
  plainHosts: boolean
  /** Headers it asks for, at most 255. */
  headers: number
  regex: boolean
  /** Of regex paths only. */
  regexPriority: number
  /** Of the prefix; 0 for regex paths and routes without paths. */
  length: number
  /** Which kinds of conditions: hosts outweigh headers, those paths, methods, SNIs, addresses. */
  kinds: number
  /** It names a host with a port. */
  hostPort: boolean
  versioned: boolean
}

const mostHeaders = 255
const mostLength = 0x7ffff

/** Of one path of a route (each is a route of its own); null when it has none. */
export const priorityOf = (entry: RouteEntry<unknown>, path: string | null): Priority => {
  const headers = Object.keys(entry.headers).length
  const regex = path !== null && path.startsWith('~')
  const counts = [
    entry.hosts.length,
    headers,
    entry.paths.length,
    entry.methods.length,
    entry.snis.length,
    entry.sources?.length ?? 0,
    entry.destinations?.length ?? 0,
  ]
  return {
    fields: counts.filter((count) => count > 0).length,
    kinds: counts.reduce((bits, count) => bits * 2 + Number(count > 0), 0),
    plainHosts: entry.hosts.length > 0 && !entry.hosts.some((host) => host.includes('*')),
    headers: Math.min(headers, mostHeaders),
    regex,
    regexPriority: regex ? entry.regexPriority : 0,
    length: regex || path === null ? 0 : Math.min(path.length, mostLength),
    hostPort: entry.hosts.some((host) => splitHost(host).port !== null),
    versioned: (entry.version ?? null) !== null,
  }
}

/** Negative when `a` goes first, 0 when the order of the configuration decides. */
export const comparePriority = (a: Priority, b: Priority): number =>
  b.fields - a.fields ||
  Number(b.plainHosts) - Number(a.plainHosts) ||
  b.headers - a.headers ||
  Number(b.regex) - Number(a.regex) ||
  b.regexPriority - a.regexPriority ||
  b.length - a.length ||
  b.kinds - a.kinds ||
  Number(b.hostPort) - Number(a.hostPort) ||
  Number(b.versioned) - Number(a.versioned)

/** Why a route with priority `winner` goes before one with `loser`, as the end of a sentence. */
export const explainPriority = (winner: Priority, loser: Priority): string => {
  if (winner.fields !== loser.fields) {
    return `sets more kinds of conditions (${winner.fields} against ${loser.fields})`
  }
  if (winner.plainHosts !== loser.plainHosts) return 'names its hosts without a wildcard'
  if (winner.headers !== loser.headers) {
    return `asks for more headers (${winner.headers} against ${loser.headers})`
  }
  if (winner.regex !== loser.regex) return 'has a regex path, which goes before prefixes'
  if (winner.regexPriority !== loser.regexPriority) {
    return `has the higher regex_priority (${winner.regexPriority} against ${loser.regexPriority})`
  }
  if (winner.length !== loser.length) return 'names a longer path'
  if (winner.kinds !== loser.kinds) {
    return 'has the conditions that weigh more (hosts, headers, paths, methods, SNIs)'
  }
  if (winner.hostPort !== loser.hostPort) return 'names a host with a port'
  if (winner.versioned !== loser.versioned) return 'is a version of an API'
  return 'comes first in the configuration'
}
