import type { Told } from '../kernel/audit/index.ts'

/** The fields that differ, as the audit tells them; null when none does. */
export const changed = <T extends Record<string, Told>>(before: T, after: T) => {
  const names = Object.keys(after).filter((name) => before[name] !== after[name])
  if (names.length === 0) return null
  const only = (given: T): Told =>
    Object.fromEntries(names.map((name) => [name, given[name] ?? null]))
  return { before: only(before), after: only(after) }
}
