import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

export const usersKey = ['users']
const usersAtOnce = 100

export const usersQuery = (contains: string) =>
  infiniteQueryOptions({
    queryKey: [...usersKey, 'list', contains],
    queryFn: ({ signal, pageParam }) =>
      call('listUsers', {
        query: {
          limit: usersAtOnce,
          ...(contains === '' ? {} : { contains }),
          ...(pageParam === null ? {} : { cursor: pageParam }),
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  })

export const userSessionsQuery = (user: string) =>
  queryOptions({
    queryKey: [...usersKey, 'sessions', user],
    queryFn: async ({ signal }) =>
      (await call('listUserSessions', { params: { user }, signal })).items,
  })
