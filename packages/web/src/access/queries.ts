import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

/** Roles, teams, grants and what follows from them. */
export const accessKey = ['access']
const grantsAtOnce = 100

export const rolesQuery = queryOptions({
  queryKey: [...accessKey, 'roles'],
  queryFn: async ({ signal }) => (await call('listRoles', { signal })).items,
})

export const teamsQuery = queryOptions({
  queryKey: [...accessKey, 'teams'],
  queryFn: async ({ signal }) => (await call('listTeams', { signal })).items,
})

export type GrantFilter = { user?: string; team?: string; role?: string }

export const grantsQuery = (filter: GrantFilter) =>
  infiniteQueryOptions({
    queryKey: [...accessKey, 'grants', filter],
    queryFn: ({ signal, pageParam }) =>
      call('listGrants', {
        query: {
          ...filter,
          limit: grantsAtOnce,
          ...(pageParam === null ? {} : { cursor: pageParam }),
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  })
