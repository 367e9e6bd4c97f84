import { createHash } from 'node:crypto'
import type { Found, Rule } from '../rules/rule.ts'

/**
 * The same for the same case after edits elsewhere: no line numbers go in, and no file when it is
 * about a service or a compose file says it: several files of a folder declare one service, and
 * what they all show is one case. 16 hex digits.
 */
export const fingerprintOf = (
  rule: Rule,
  system: string,
  found: Found,
  composeFiles: ReadonlySet<string> = new Set(),
): string => {
  const { service = '', subject = found.message } = found
  const [{ file }] = found.evidence
  const where = service !== '' || composeFiles.has(file) ? '' : file
  const parts = [rule.id, system, where, service, subject]
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16)
}
