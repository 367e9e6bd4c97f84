import { collectPrefixes, createPrefixTree, prefixNode, type PrefixNode } from './prefix-tree.ts'
import { createRuleList, findRule, splitRules, type RuleList } from './rule-list.ts'
import type { Asked, Rule } from './rule.ts'
import type { SafeRegexMatch } from './safe-regex.ts'
import type { Work } from '../../slices.ts'

/**
 * Rules by host, and within a host by the path's prefix. A request looks at the rules of its
 * host, of the wildcards that take its host, and at those without a host; there, at the prefixes
 * of its path. Neither grows with the number of routes.
 */
export type RuleIndex<T> = {
  /** Rules come in the order of their rank. */
  add(rule: Rule<T>): void
  /** To be called once, when all are there. */
  finish(): Work<void>
  find(asked: Asked): { rule: Rule<T>; regexMatch: SafeRegexMatch | null } | null
}

type Bucket<T> = { bestRank: number; tree: PrefixNode<RuleList<T>>; lists: RuleList<T>[] }

const createBucket = <T>(): Bucket<T> => ({
  bestRank: Infinity,
  tree: createPrefixTree(),
  lists: [],
})

export const createRuleIndex = <T>(): RuleIndex<T> => {
  const exact = new Map<string, Bucket<T>>()
  /** By what follows or precedes the asterisk: `.example.com`, `example.`. */
  const suffixes = new Map<string, Bucket<T>>()
  const prefixes = new Map<string, Bucket<T>>()
  const anyHost = createBucket<T>()

  const bucketsOf = (rule: Rule<T>): Set<Bucket<T>> => {
    if (rule.hosts.length === 0) return new Set([anyHost])
    return new Set(
      rule.hosts.map(({ kind, text }) => {
        if (kind === 'exact') return bucketAt(exact, text)
        if (kind === 'suffix' && text.startsWith('.')) return bucketAt(suffixes, text)
        if (kind === 'prefix' && text.endsWith('.')) return bucketAt(prefixes, text)
        return anyHost
      }),
    )
  }

  // One search at a time: what it finds on its way lies here instead of in new objects.
  const found: RuleList<T>[] = []
  let best: Rule<T> | null = null
  let bestMatch: SafeRegexMatch | null = null

  const searchBucket = (bucket: Bucket<T> | undefined, asked: Asked): void => {
    let below = best === null ? Infinity : best.rank
    if (bucket === undefined || bucket.bestRank >= below) return
    // The longest prefix is the likeliest to win.
    for (let at = collectPrefixes(bucket.tree, asked.ask.path, found) - 1; at >= 0; at -= 1) {
      const list = found[at]
      const first = list?.rules[0]
      if (list === undefined || first === undefined || first.rank >= below) continue
      const rule = findRule(list, asked, below)
      if (rule === null) continue
      best = rule
      bestMatch = rule.regex === null ? null : asked.regexMatch
      below = rule.rank
    }
  }

  const searchWildcards = (asked: Asked): void => {
    const { hostName } = asked
    for (let dot = hostName.indexOf('.'); dot !== -1; dot = hostName.indexOf('.', dot + 1)) {
      if (suffixes.size > 0) searchBucket(suffixes.get(hostName.slice(dot)), asked)
      if (prefixes.size > 0) searchBucket(prefixes.get(hostName.slice(0, dot + 1)), asked)
    }
  }

  return {
    add: (rule) => {
      for (const bucket of bucketsOf(rule)) {
        bucket.bestRank = Math.min(bucket.bestRank, rule.rank)
        const node = prefixNode(bucket.tree, rule.prefix)
        if (node.value === undefined) bucket.lists.push((node.value = createRuleList()))
        node.value.rules.push(rule)
      }
    },

    *finish() {
      for (const bucket of [
        anyHost,
        ...exact.values(),
        ...suffixes.values(),
        ...prefixes.values(),
      ]) {
        for (const list of bucket.lists) {
          yield
          yield* splitRules(list)
        }
        bucket.lists = []
      }
    },

    find: (asked) => {
      best = null
      bestMatch = null
      if (asked.hostName !== '') {
        if (exact.size > 0) searchBucket(exact.get(asked.hostName), asked)
        if (suffixes.size > 0 || prefixes.size > 0) searchWildcards(asked)
      }
      searchBucket(anyHost, asked)
      return best === null ? null : { rule: best, regexMatch: bestMatch }
    },
  }
}

const bucketAt = <T>(buckets: Map<string, Bucket<T>>, key: string): Bucket<T> => {
  const known = buckets.get(key) ?? createBucket<T>()
  buckets.set(key, known)
  return known
}
