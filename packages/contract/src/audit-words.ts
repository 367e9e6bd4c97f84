import { auditActions } from './audit-actions.ts'
import type { AuditRow } from './audit.ts'
import { selectorName, type Selector } from './object.ts'

/** What a row tells in one clause after who did it: `granted viewer to leo on stack:shop`. */
export const auditWords = ({
  action,
  before,
  after,
}: Pick<AuditRow, 'action' | 'before' | 'after'>): string => {
  const grant = grantIn(after) ?? grantIn(before)
  if (grant === undefined) return auditActions[action]
  const { role, holder, on, effect } = grant
  const where = `on ${selectorName(on)}`
  if (action === 'grant.created') {
    return `${effect === 'deny' ? 'denied' : 'granted'} ${role} to ${holder} ${where}`
  }
  if (action === 'grant.revoked') {
    return `revoked the ${effect === 'deny' ? 'denial' : 'grant'} of ${role} to ${holder} ${where}`
  }
  return auditActions[action]
}

type ToldGrant = { role: string; holder: string; on: Selector; effect: unknown }

/** Rows of before may tell less: they get the words of their action. */
const grantIn = (told: unknown): ToldGrant | undefined => {
  const { holder, role, on, effect } = recordOf(told)
  const { kind, name } = recordOf(holder)
  if (typeof role !== 'string' || typeof name !== 'string' || typeof on !== 'object')
    return undefined
  const shown = kind === 'team' ? `team ${name}` : name
  return { role, holder: shown, on: on ?? {}, effect }
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
