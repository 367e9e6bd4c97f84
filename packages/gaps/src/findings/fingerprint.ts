import { createHash } from 'node:crypto'
import type { Found, Rule } from '../rules/rule.ts'

/** The same for the same case after edits elsewhere: no line numbers go in. 16 hex digits. */
export const fingerprintOf = (rule: Rule, system: string, found: Found): string => {
  const [{ file }] = found.evidence
  const parts = [rule.id, system, file, found.service ?? '', found.subject ?? found.message]
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16)
}
