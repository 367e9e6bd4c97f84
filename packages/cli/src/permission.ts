import { isPermission, permissions, type Permission } from '@keelson/contract'
import { usageError } from './failure.ts'
import { closestTo } from './suggestion.ts'

/** Throws a usage error with the nearest one for what is none. */
export const permissionIn = (text: string): Permission => {
  if (isPermission(text)) return text
  const nearest = closestTo(text, permissions)
  throw usageError(
    `There is no permission ${text}`,
    nearest === undefined ? `One of: ${permissions.join(', ')}` : `${nearest}?`,
  )
}
