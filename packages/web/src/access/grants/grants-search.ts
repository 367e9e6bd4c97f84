import { isPermission, type Permission } from '@keelson/contract/permissions'

/** Which grants are looked at, and what is asked of them: kept in the address. */
export type GrantsSearch = {
  /** A user or service account. */
  user?: string
  team?: string
  role?: string
  /** Can <who> do <can> on <on>? */
  who?: string
  can?: Permission
  on?: string
}

/** Undefined: no longer looked for. */
export type GrantsSearchChange = { [K in keyof GrantsSearch]?: GrantsSearch[K] | undefined }

/** As the API takes them. */
const textMax = { user: 100, team: 100, role: 64, who: 110, on: 300 } as const

export const validateGrantsSearch = (search: Record<string, unknown>): GrantsSearch => {
  const found: GrantsSearch = {}
  for (const name of ['user', 'team', 'role', 'who', 'on'] as const) {
    const value = search[name]
    if (typeof value !== 'string' && typeof value !== 'number') continue
    const text = String(value).trim().slice(0, textMax[name])
    if (text !== '') found[name] = text
  }
  const { can } = search
  if (typeof can === 'string' && isPermission(can)) found.can = can
  return found
}

export const changedGrantsSearch = (
  search: GrantsSearch,
  change: GrantsSearchChange,
): GrantsSearch => validateGrantsSearch({ ...search, ...change })
