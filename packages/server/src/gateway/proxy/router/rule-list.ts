import type { Work } from '../../slices.ts'
import { fits, type Asked, type Rule } from './rule.ts'

/**
 * Rules of one prefix, best first. Long lists whose rules ask for different values of one header
 * or SNI are found by that value, so that tenants told apart by a header cost what one costs.
 */
export type RuleList<T> = {
  rules: Rule<T>[]
  split: {
    /** A header's name, or `sniKey`. */
    key: string
    byValue: ReadonlyMap<string, RuleList<T>>
    /** Rules that do not ask for this, or not for certain values. */
    rest: RuleList<T>
  } | null
}

/** Shorter lists are looked through. */
const longList = 16

const sniKey = ':sni'

export const createRuleList = <T>(): RuleList<T> => ({ rules: [], split: null })

/** The best rule that fits, of those with a rank below `below`. */
export const findRule = <T>(list: RuleList<T>, asked: Asked, below: number): Rule<T> | null => {
  const { split } = list
  // Plain http has no SNI, so all of them fit (fitsSni).
  if (split === null || (split.key === sniKey && asked.ask.scheme !== 'https')) {
    for (const rule of list.rules) {
      if (rule.rank >= below) return null
      if (fits(rule, asked)) return rule
    }
    return null
  }
  let best = findRule(split.rest, asked, below)
  for (const value of valuesOf(split.key, asked)) {
    const values = split.byValue.get(value)
    if (values !== undefined) best = findRule(values, asked, best?.rank ?? below) ?? best
  }
  return best
}

const valuesOf = (key: string, { ask }: Asked): readonly string[] => {
  if (key === sniKey) return ask.sni === null ? [] : [ask.sni]
  return ask.headers.all(key).map((value) => value.toLowerCase())
}

/** Splits the list as often as that narrows it down. */
export function* splitRules<T>(list: RuleList<T>, usedKeys: readonly string[] = []): Work<void> {
  if (list.rules.length <= longList) return
  const counts = new Map<string, number>()
  for (const rule of list.rules) {
    yield
    for (const key of keysOf(rule)) {
      if (!usedKeys.includes(key)) counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  const [key, count] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0])
  if (count <= list.rules.length / 2) return
  const byValue = new Map<string, RuleList<T>>()
  const rest = createRuleList<T>()
  for (const rule of list.rules) {
    yield
    const values = exactValues(rule, key)
    if (values === null) rest.rules.push(rule)
    else for (const value of new Set(values)) listOf(byValue, value).rules.push(rule)
  }
  list.split = { key, byValue, rest }
  for (const part of [...byValue.values(), rest]) yield* splitRules(part, [...usedKeys, key])
}

const listOf = <T>(byValue: Map<string, RuleList<T>>, value: string): RuleList<T> => {
  const known = byValue.get(value) ?? createRuleList<T>()
  byValue.set(value, known)
  return known
}

/** What the rule can be found by. */
const keysOf = <T>({ headers, snis }: Rule<T>): string[] => {
  const keys = headers.filter(({ patterns }) => patterns.length === 0).map(({ name }) => name)
  if (snis.length > 0 && snis.every(({ kind }) => kind === 'exact')) keys.push(sniKey)
  return keys
}

/** All values of this key that fit; null when they cannot be listed. */
const exactValues = <T>(rule: Rule<T>, key: string): readonly string[] | null => {
  if (!keysOf(rule).includes(key)) return null
  if (key === sniKey) return rule.snis.map(({ text }) => text)
  return rule.headers.find(({ name }) => name === key)?.values ?? null
}
