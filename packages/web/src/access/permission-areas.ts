import { permissions, type Permission } from '@keelson/contract/permissions'

export type PermissionArea = { name: string; permissions: readonly Permission[] }

/** First parts of permissions, in the order of the navigation. */
const areaNames: readonly (readonly [name: string, prefixes: readonly string[]])[] = [
  ['Services', ['status', 'services', 'logs']],
  ['Stacks', ['stacks']],
  ['Gaps', ['gaps']],
  ['Gateway', ['gateway']],
  ['People and access', ['account', 'users', 'access', 'audit']],
  ['Keelson', ['public', 'system']],
]

const prefixOf = (permission: string): string => permission.split(':', 1)[0] ?? ''

/** The given permissions by area; areas without one are left out, and none is lost. */
export const permissionAreas = (
  given: readonly Permission[] = permissions,
): readonly PermissionArea[] => {
  const known = new Set(areaNames.flatMap(([, prefixes]) => prefixes))
  const named = areaNames.map(([name, prefixes]) => ({
    name,
    permissions: given.filter((one) => prefixes.includes(prefixOf(one))),
  }))
  const others = given.filter((one) => !known.has(prefixOf(one)))
  return [...named, { name: 'Others', permissions: others }].filter(
    (area) => area.permissions.length > 0,
  )
}

/** As `chosen`, with or without one; in the order of the contract. */
export const withPermission = (
  chosen: readonly Permission[],
  permission: Permission,
  isHeld: boolean,
): readonly Permission[] =>
  permissions.filter((one) => (one === permission ? isHeld : chosen.includes(one)))
