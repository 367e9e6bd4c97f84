import type { Rule } from '../rules/rule.ts'
import type { RunningEvidence } from '../systems/system.ts'
import type { Changes, Healthy } from './healthy.ts'

/** A healthy stack with one thing broken. */
export type Mutant = {
  /** Where it is broken, in a few words. */
  about: string
  /** The service the finding has to name; absent: the system, or whichever. */
  service?: string
  changes: Changes
  /** What is seen running, for the rules about that. */
  running?: RunningEvidence
}

/** One way to break a stack, and the rule that has to find it. */
export type Operator = {
  rule: Rule['id']
  /** What is done, as the table says it. */
  breaks: string
  /** Rules that find the same, or what follows from it, and do so rightly. */
  also?: readonly Rule['id'][]
  mutants: (healthy: Healthy) => Iterable<Mutant | undefined>
}

export const operator = (one: Operator): Operator => one
