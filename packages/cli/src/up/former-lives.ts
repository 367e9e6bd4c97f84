import type { Plan, PsEntry } from '@keelson/contract'
import type { FormerLives } from '../progress/progress.ts'

const renewing: ReadonlySet<string> = new Set(['start_instance', 'replace_instance'])

/**
 * The lives that a plan ends, or that have ended already and are followed by new ones: a job that
 * failed stays failed until its next life begins, and that one decides.
 */
export const formerLives = (before: readonly PsEntry[], { actions }: Plan): FormerLives => {
  const renewed = new Set(
    actions.flatMap(({ kind, service }) =>
      service !== undefined && renewing.has(kind) ? [service] : [],
    ),
  )
  return new Map(
    before.flatMap(({ instance, service, started_at: began }) =>
      renewed.has(service) && began !== null ? [[instance, { service, began }] as const] : [],
    ),
  )
}
