import { builtInRoles } from '@keelson/contract'
import { systemActor, type Actor } from '../../kernel/actor.ts'
import type { Tx } from '../../kernel/db.ts'
import type { Access } from '../access/access.ts'
import {
  rolesThereAre,
  selectFollowing,
  type ProviderRow,
  type RoleOfGroup,
} from './provider-store.ts'

/** Two grants of one key give the same. */
export const grantKey = ({ role, on = {} }: Pick<RoleOfGroup, 'role' | 'on'>): string => {
  const labels = Object.entries(on.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([role, on.name ?? null, labels, on.owner ?? null])
}

/** In whose name grants are made and taken back that follow groups. */
const actorOfProvider = ({ id, name }: ProviderRow, { origin }: Actor): Actor => ({
  ...{ ...systemActor, id: `provider:${id}`, name, origin },
})

type Membership = {
  provider: ProviderRow
  principalId: string
  groups: ReadonlySet<string>
  actor: Actor
}

/**
 * Makes the grants that are missing and takes back those whose group is gone, of this provider alone.
 * Those that stay are not touched. A role that is there no more is passed over.
 *
 * With `takesBack` it may throw AppError `last_administrator`.
 */
export const followGroups = async (
  tx: Tx,
  access: Access,
  { provider, principalId, groups, actor }: Membership,
  { takesBack }: { takesBack: boolean },
): Promise<void> => {
  const wanted = new Map(
    provider.role_map
      .filter(({ group }) => groups.has(group))
      .map((given) => [grantKey(given), given]),
  )
  const by = actorOfProvider(provider, actor)
  const held = await selectFollowing(tx, provider.id, principalId)
  const gone = held.filter(({ role, selector }) => !wanted.delete(grantKey({ role, on: selector })))
  const own = await rolesThereAre(
    tx,
    [...wanted.values()].map(({ role }) => role),
  )
  for (const { role, on = {} } of wanted.values()) {
    if (!own.has(role) && !Object.hasOwn(builtInRoles, role)) continue
    await access.grantIn(tx, by, { principalId, role, on, providerId: provider.id })
  }
  if (!takesBack || gone.length === 0) return
  await access.keepAnAdministrator(tx, async () => {
    for (const { id } of gone) await access.revokeIn(tx, by, id)
  })
}
