import type { Problem } from '@keelson/contract'

/** What the command answers its caller with; documented in the README of this package. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  badInput: 2,
  notFound: 3,
  access: 4,
  conflict: 5,
  unhealthy: 6,
  differences: 7,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/**
 * Faults of what the person wrote or of the machine it should run on, found before anything was
 * started. Their HTTP status says something else (409, 503, 507), the way out is the same: correct
 * the file or the machine.
 */
const badInputCodes = new Set([
  'port_taken',
  'engine_unavailable',
  'disk_full',
  'postgres_disk_full',
  'env_unknown',
  'env_invalid',
])

/** Exit code of a problem: by its code where that says more, by its status otherwise. */
export const exitCodeOf = ({ status, code }: Pick<Problem, 'status' | 'code'>): ExitCode => {
  if (badInputCodes.has(code)) return exitCodes.badInput
  if (status === 404) return exitCodes.notFound
  if (status === 401 || status === 403) return exitCodes.access
  if (status === 409 || status === 412) return exitCodes.conflict
  if (status === 400 || status === 413 || status === 422) return exitCodes.badInput
  return exitCodes.failure
}
