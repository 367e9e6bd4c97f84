import { isPermission, permissions, type Permission } from '@keelson/contract'
import { usageError } from './failure.ts'
import { closestTo } from './suggestion.ts'

/** Throws a usage error with the nearest one and all for what is none; `option`: where it was given. */
export const permissionIn = (text: string, option?: string): Permission => {
  if (isPermission(text)) return text
  const nearest = closestTo(text, permissions)
  throw usageError(
    option === undefined ? `There is no permission ${text}` : `${option} ${text}: no permission`,
    `${nearest === undefined ? '' : `${nearest}? `}One of: ${permissions.join(', ')}`,
  )
}
