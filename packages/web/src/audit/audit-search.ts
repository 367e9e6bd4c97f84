import type { AuditRow } from '@keelson/contract'
import { auditActions, auditOutcomes, type AuditAction } from '@keelson/contract/audit-actions'

/** What of the audit is looked at, kept in the address: it can be shared. */
export type AuditSearch = {
  actor?: string
  action?: AuditAction
  object?: string
  outcome?: AuditRow['outcome']
  address?: string
  /** How many hours back; without: all of it. */
  hours?: number
  q?: string
}

/** Undefined: no longer looked for. */
export type AuditSearchChange = { [K in keyof AuditSearch]?: AuditSearch[K] | undefined }

export const auditHours = [1, 24, 168, 720] as const
/** As the API takes them. */
const textMax = { actor: 300, object: 400, address: 100, q: 200 } as const

export const validateAuditSearch = (search: Record<string, unknown>): AuditSearch => {
  const found: AuditSearch = {}
  for (const name of ['actor', 'object', 'address', 'q'] as const) {
    const value = search[name]
    if (typeof value !== 'string' && typeof value !== 'number') continue
    const text = String(value).slice(0, textMax[name])
    if (text !== '') found[name] = text
  }
  const { action, outcome } = search
  if (typeof action === 'string' && Object.hasOwn(auditActions, action)) {
    found.action = action as AuditAction
  }
  const named = auditOutcomes.find((one) => one === outcome)
  if (named !== undefined) found.outcome = named
  const hours = auditHours.find((one) => one === Number(search['hours']))
  if (hours !== undefined) found.hours = hours
  return found
}

export const changedAuditSearch = (search: AuditSearch, change: AuditSearchChange): AuditSearch =>
  validateAuditSearch({ ...search, ...change })
