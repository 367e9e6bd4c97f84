/**
 * Which route a request takes: Kong's `traditional_compatible` rules at a cost that does not grow
 * with the number of routes. Conditions of a route are all met, of the values of one condition
 * any will do; priority.ts has the order between routes that match.
 */
import { explainRoutes } from './explain.ts'
import { escapePath } from './normalize.ts'
import { comparePriority } from './priority.ts'
import type { RouteAsk, RouteEntry, RouteMatch, Router } from './route-match.ts'
import { createRuleIndex, type RuleIndex } from './rule-index.ts'
import { compileRules, fillAsked, type Asked, type MethodBits, type Rule } from './rule.ts'
import type { SafeRegexMatch } from './safe-regex.ts'
import { atOnce, type Work } from '../../slices.ts'
import { upstreamPath } from './upstream-path.ts'
import { judgeVersion, refusedVersion, type VersionMatch } from './versions.ts'
import { HeaderList } from '../header-list.ts'

export { compileEntries, entriesOf } from './entries.ts'
export { escapePath, normalizePath } from './normalize.ts'
export { protocolFault } from './protocol-fault.ts'
export { versionOf } from './versions.ts'

export type RouterOptions<T> = {
  /** Hears of routes whose regex cannot be used, and goes on without them. Absent: throws. */
  onRefused?: (entry: RouteEntry<T>, reason: Error) => void
}

/** A router at once; of two routes that match equally well, the one that comes first wins. */
export const createRouter = <T>(
  entries: readonly RouteEntry<T>[],
  options: RouterOptions<T> = {},
): Router<T> => atOnce(buildRouter(entries, options))

/** The same, with places to stop at: 10,000 routes take some 100 ms. */
export function* buildRouter<T>(
  entries: readonly RouteEntry<T>[],
  { onRefused }: RouterOptions<T> = {},
): Work<Router<T>> {
  const methods: MethodBits = new Map()
  const rules: Rule<T>[] = []
  for (const entry of entries) {
    yield
    try {
      rules.push(...compileRules(entry, methods))
    } catch (reason) {
      if (onRefused === undefined || !(reason instanceof Error)) throw reason
      onRefused(entry, reason)
    }
  }
  rules.sort((a, b) => comparePriority(a.priority, b.priority)) // stable: equals keep their order
  const index = createRuleIndex<T>()
  for (const [rank, rule] of rules.entries()) {
    yield
    rule.rank = rank
    index.add(rule)
  }
  yield* index.finish()
  return routerOf(rules, index, methods)
}

const routerOf = <T>(
  rules: readonly Rule<T>[],
  index: RuleIndex<T>,
  methods: MethodBits,
): Router<T> => {
  const asked: Asked = {
    ask: noAsk,
    method: 0,
    hostName: '',
    port: 0,
    regexMatch: null,
  }
  return {
    find: (ask) => {
      fillAsked(asked, ask, methods)
      const found = index.find(asked)
      return found === null ? undefined : matchOf(found.rule, found.regexMatch, ask)
    },
    explain: (ask) => {
      fillAsked(asked, ask, methods)
      return explainRoutes(rules, asked)
    },
  }
}

const noAsk: RouteAsk = {
  method: '',
  scheme: 'http',
  host: '',
  path: '/',
  headers: new HeaderList(),
  sni: null,
}

const matchOf = <T>(
  rule: Rule<T>,
  regexMatch: SafeRegexMatch | null,
  ask: RouteAsk,
): RouteMatch<T> => {
  const { entry } = rule
  const matchedPath = regexMatch === null ? rule.prefix : regexMatch.matched
  const strips = entry.stripPath && matchedPath.length > 1
  return {
    entry,
    matchedPath,
    // Without a path, the first slash is what matched.
    upstreamPath: escapePath(upstreamPath(entry, ask.path, matchedPath.length || 1)),
    // Escaped, as a decoded line feed would end the header it goes into.
    strippedPrefix: strips ? escapePath(matchedPath) : '',
    captures:
      regexMatch === null || regexMatch.list.length === 0
        ? null
        : { list: regexMatch.list, named: regexMatch.named },
    needsHttps: rule.needsHttps && ask.scheme === 'http',
    version: versionMatchOf(rule, ask),
  }
}

const versionMatchOf = <T>({ version }: Rule<T>, ask: RouteAsk): VersionMatch | null => {
  if (version === null || version.by === 'path') return version?.served ?? null
  return judgeVersion(version, ask.headers) === 'refused'
    ? refusedVersion(version, ask.headers)
    : version.served
}
