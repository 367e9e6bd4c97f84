import { useQuery } from '@tanstack/react-query'
import { sessionQuery } from '../api/queries.ts'

type Permission = 'services:write' | 'services:restart' | 'stacks:write'

/** Whether who is signed in may do something; false until it is known. */
export const usePermission = (permission: Permission): boolean => {
  const { data } = useQuery(sessionQuery)
  return data?.permissions.includes(permission) === true
}
