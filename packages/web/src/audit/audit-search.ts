import type { AuditRow } from '@keelson/contract'
import { auditActions, auditOutcomes, type AuditAction } from '@keelson/contract/audit-actions'

/** What of the audit is looked at, kept in the address: it can be shared. */
export type AuditSearch = {
  actor?: string
  action?: AuditAction
  object?: string
  outcome?: AuditRow['outcome']
  address?: string
  /** How many hours back, or between times of one's own; without: all of it. */
  hours?: number | 'own'
  /** The times of one's own; either may be missing. */
  from?: string
  until?: string
  q?: string
}

/** Undefined: no longer looked for. */
export type AuditSearchChange = { [K in keyof AuditSearch]?: AuditSearch[K] | undefined }

export const auditHours = [1, 24, 168, 720] as const

/** What is wrong with an object, as the API takes it; undefined: nothing. */
export const objectFault = (object: string | undefined): string | undefined =>
  object === undefined || /^[a-z_]+:./.test(object)
    ? undefined
    : 'An object is written kind:name, as service:shop/web or user:leo.'

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
  return { ...found, ...whenIn(search) }
}

const whenIn = (search: Record<string, unknown>): Pick<AuditSearch, 'hours' | 'from' | 'until'> => {
  const hours = auditHours.find((one) => one === Number(search['hours']))
  if (hours !== undefined) return { hours }
  const [from, until] = [timeIn(search['from']), timeIn(search['until'])]
  if (search['hours'] !== 'own' && from === undefined && until === undefined) return {}
  return {
    hours: 'own',
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { until }),
  }
}

const timeIn = (value: unknown): string | undefined => {
  const date = new Date(typeof value === 'string' ? value : Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

export const changedAuditSearch = (search: AuditSearch, change: AuditSearchChange): AuditSearch =>
  validateAuditSearch({ ...search, ...change })
