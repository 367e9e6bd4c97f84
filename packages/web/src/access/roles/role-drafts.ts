import type { Permission, Role } from '@keelson/contract'
import { withPermission } from '../permission-areas.ts'

/** What was ticked and not saved yet, by role. */
export type Drafts = ReadonlyMap<string, readonly Permission[]>

export const permissionsIn = (drafts: Drafts, role: Role): readonly Permission[] =>
  drafts.get(role.name) ?? role.permissions

/** A role that is as before again has no draft. */
export const withDraft = (drafts: Drafts, role: Role, chosen: readonly Permission[]): Drafts => {
  const next = new Map(drafts)
  const isAsBefore =
    chosen.length === role.permissions.length &&
    chosen.every((one) => role.permissions.includes(one))
  if (isAsBefore) next.delete(role.name)
  else next.set(role.name, chosen)
  return next
}

export const withTick = (
  drafts: Drafts,
  role: Role,
  permission: Permission,
  isHeld: boolean,
): Drafts =>
  withDraft(drafts, role, withPermission(permissionsIn(drafts, role), permission, isHeld))

/** How many permissions a draft gives or takes away. */
export const changesOf = (role: Role, chosen: readonly Permission[]): number =>
  new Set(role.permissions).symmetricDifference(new Set(chosen)).size
