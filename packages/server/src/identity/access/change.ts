import type { Permission } from '@keelson/contract'
import type { AccessFacts, Grant } from './engine.ts'
import { rightsIn, type Right } from './rights.ts'

/** With what the groups of providers would give to whoever signs in. */
export type RightsFacts = AccessFacts & {
  mapped: readonly Pick<Grant, 'role' | 'on'>[]
}

type Side = { given: Right[]; taken: Right[] }

/**
 * What becomes of anybody's rights between two moments: by grants, by roles that become others, by who is
 * in a team, and by groups of providers. To take a denial away is to give.
 */
export const changeOf = (before: RightsFacts, after: RightsFacts): Side => {
  const side: Side = { given: [], taken: [] }
  const gains = (facts: AccessFacts, grant: Grant): void => {
    side[grant.effect === 'allow' ? 'given' : 'taken'].push(...rightsIn(facts.roles, grant))
  }
  const loses = (facts: AccessFacts, grant: Grant): void => {
    side[grant.effect === 'allow' ? 'taken' : 'given'].push(...rightsIn(facts.roles, grant))
  }
  const [first, second] = [grantsOf(before), grantsOf(after)]
  for (const [key, grant] of first) if (!second.has(key)) loses(before, grant)
  for (const [key, grant] of second) if (!first.has(key)) gains(after, grant)

  const [lost, won] = [rolesWithout(before, after), rolesWithout(after, before)]
  for (const [key, grant] of first) {
    if (!second.has(key)) continue
    loses({ ...before, roles: lost }, grant)
    gains({ ...after, roles: won }, grant)
  }

  for (const team of membersWithout(before, after)) {
    for (const grant of grantsOfTeam(before, team)) loses(before, grant)
  }
  for (const team of membersWithout(after, before)) {
    for (const grant of grantsOfTeam(after, team)) gains(after, grant)
  }
  return side
}

/** By what makes each the same one: grants by their ids, those of groups by what they give. */
const grantsOf = ({ grants, mapped }: RightsFacts): ReadonlyMap<string, Grant> =>
  new Map([
    ...grants.map((grant) => [grant.id, grant] as const),
    ...mapped.map(({ role, on }): readonly [string, Grant] => {
      const id = `mapped ${JSON.stringify([role, on])}`
      const holder = { kind: 'team', id: '' } as const
      return [id, { id, holder, role, on, effect: 'allow', expiresAt: null }]
    }),
  ])

/** Of each role what it has in the one and not in the other. */
const rolesWithout = (
  { roles }: AccessFacts,
  other: AccessFacts,
): ReadonlyMap<string, readonly Permission[]> =>
  new Map(
    [...roles].map(([name, held]) => {
      const known = new Set(other.roles.get(name))
      return [name, held.filter((permission) => !known.has(permission))]
    }),
  )

/** Teams with a member in the one who is none in the other. */
const membersWithout = ({ teams }: AccessFacts, other: AccessFacts): ReadonlySet<string> =>
  new Set(
    [...teams].flatMap(([principal, joined]) => {
      const known = new Set(other.teams.get(principal))
      return joined.filter((team) => !known.has(team))
    }),
  )

const grantsOfTeam = ({ grants }: AccessFacts, team: string): readonly Grant[] =>
  grants.filter(({ holder }) => holder.kind === 'team' && holder.id === team)
