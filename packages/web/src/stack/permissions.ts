import type { Permission } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { sessionQuery } from '../api/queries.ts'

/** Whether who is signed in may do something; false until it is known. */
export const usePermission = (permission: Permission): boolean => {
  const { data } = useQuery(sessionQuery)
  return data?.permissions.includes(permission) === true
}
