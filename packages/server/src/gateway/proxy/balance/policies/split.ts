import type { SplitTuning } from '../../../config/tuning.ts'
import { hashText } from '../choice/hash.ts'

/**
 * Which service takes a request of a service that is split.
 *
 * The engine calls `choose` once for each request, before it picks a target; null is the service
 * itself. Rules with a header or consumers come to those alone, the first that fits wins. Rules
 * with a weight take that share of the requests that reach them. `setWeight` moves the weight of
 * the first one that has any (canary.ts says where to).
 */
export type Split = {
  choose(ask: SplitAsk): string | null
  explain(ask: SplitAsk): SplitExplanation
  setWeight(percent: number): void
}

export type SplitAsk = {
  header(lowerName: string): string | undefined
  /** Names and id under which the consumer may be listed; empty when there is none. */
  consumer: readonly string[]
  /** What tells this caller from others: consumer, session or address. */
  caller: string
}

/** What a split would do with a request. */
type SplitExplanation = {
  /** Null: the service itself, or as chance has it. */
  chosen: string | null
  /** A sentence for each rule that was looked at. */
  sentences: string[]
}

type Rule = {
  service: string
  weight: number | null
  header: { name: string; value?: string } | null
  consumers: ReadonlySet<string> | null
}

export const createSplit = (tuning: SplitTuning, random: () => number = Math.random): Split => {
  const moved = movingRule(tuning)
  const rules = tuning.rules.map(({ service, weight, header, consumers }, at): Rule => ({
    service,
    // The weight of a canary is what its steps say: none before the first one.
    weight: weight ?? (at === moved ? 0 : null),
    header: header === undefined ? null : { ...header, name: header.name.toLowerCase() },
    consumers: consumers === undefined ? null : new Set(consumers),
  }))
  const moving = moved === undefined ? undefined : rules[moved]
  const percentOf = (ask: SplitAsk): number =>
    tuning.sticky ? (hashText(ask.caller) / 2 ** 32) * 100 : random() * 100

  return {
    choose(ask) {
      let percent = -1
      for (const rule of rules) {
        if (!isMeant(rule, ask)) continue
        if (rule.weight === null) return rule.service
        // Thrown once: each weight is a share of the whole, and shares do not overlap.
        if (percent === -1) percent = percentOf(ask)
        if (percent < rule.weight) return rule.service
        percent = Math.max(0, percent - rule.weight)
      }
      return null
    },
    explain(ask) {
      const sentences: string[] = []
      let percent = tuning.sticky ? percentOf(ask) : null
      for (const rule of rules) {
        const text = ruleSentence(rule)
        const fits = isMeant(rule, ask)
        sentences.push(fits ? text : `${text}; this one is not among them`)
        if (!fits) continue
        if (rule.weight === null) return { chosen: rule.service, sentences }
        if (percent === null) continue
        if (percent < rule.weight) return { chosen: rule.service, sentences }
        percent = Math.max(0, percent - rule.weight)
      }
      return { chosen: null, sentences }
    },
    setWeight(percent) {
      if (moving !== undefined) moving.weight = percent
    },
  }
}

/** `25 % of the requests with X-Preview: 1 go to next` */
export const ruleSentence = (rule: {
  service: string
  weight?: number | null | undefined
  header?: { name: string; value?: string } | null | undefined
  consumers?: Iterable<string> | null | undefined
}): string => {
  const { service, weight, header, consumers } = rule
  const share = weight == null ? 'requests' : `${weight} % of the requests`
  const of = consumers == null ? '' : ` of ${[...consumers].join(' or ')}`
  const value = header?.value === undefined ? '' : `: ${header.value}`
  const having = header == null ? '' : ` with ${header.name}${value}`
  return `${share}${of}${having} go to ${service}`
}

/** Which rule a canary moves: the first with a weight, else the first of all; undefined: none. */
export const movingRule = ({ rules, canary }: SplitTuning): number | undefined => {
  const weighted = rules.findIndex(({ weight }) => weight !== undefined)
  if (weighted !== -1) return weighted
  return canary === undefined ? undefined : 0
}

const isMeant = ({ header, consumers }: Rule, ask: SplitAsk): boolean => {
  if (consumers !== null && !ask.consumer.some((name) => consumers.has(name))) return false
  if (header === null) return true
  const value = ask.header(header.name)
  return value !== undefined && (header.value === undefined || value === header.value)
}
