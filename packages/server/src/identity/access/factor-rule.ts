import type { AccessFacts } from './engine.ts'

/** Who has a second factor, and whose roles ask for one, as it was in one epoch. */
export type FactorFacts = {
  factorRoles: ReadonlySet<string>
  /** Principals with an authenticator app that was confirmed, or a passkey. */
  factorHolders: ReadonlySet<string>
}

export type FactorRule = {
  /** A role that is held, directly or by a team, asks for a second factor. */
  isRequired(principalId: string, nowMs: number): boolean
  /** One is required, and there is none. */
  isLacking(principalId: string, nowMs: number): boolean
}

/** By grants alone that allow and are not over; what a role is granted on makes no difference. */
export const createFactorRule = (
  facts: Pick<AccessFacts, 'teams' | 'grants'> & FactorFacts,
): FactorRule => {
  const { teams, grants, factorRoles, factorHolders } = facts
  /** Holder → when the last of its grants of such a role ends. */
  const untilMs = new Map<string, number>()
  for (const { holder, role, effect, expiresAt } of grants) {
    if (effect !== 'allow' || !factorRoles.has(role)) continue
    const key = `${holder.kind}/${holder.id}`
    const endsMs = expiresAt?.getTime() ?? Infinity
    untilMs.set(key, Math.max(untilMs.get(key) ?? -Infinity, endsMs))
  }

  const isRequired = (principalId: string, nowMs: number): boolean => {
    if (untilMs.size === 0) return false
    const isHeld = (key: string): boolean => (untilMs.get(key) ?? -Infinity) > nowMs
    return (
      isHeld(`principal/${principalId}`) ||
      (teams.get(principalId) ?? []).some((team) => isHeld(`team/${team}`))
    )
  }

  return {
    isRequired,
    isLacking: (principalId, nowMs) =>
      !factorHolders.has(principalId) && isRequired(principalId, nowMs),
  }
}
