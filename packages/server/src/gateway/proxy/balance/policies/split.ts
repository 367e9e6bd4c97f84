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
  setWeight(percent: number): void
}

export type SplitAsk = {
  header(lowerName: string): string | undefined
  /** Names and id under which the consumer may be listed; empty when there is none. */
  consumer: readonly string[]
  /** What tells this caller from others: consumer, session or address. */
  caller: string
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
    setWeight(percent) {
      if (moving !== undefined) moving.weight = percent
    },
  }
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
