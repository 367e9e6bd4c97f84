import { queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

export const accountQuery = queryOptions({
  queryKey: ['account', 'profile'],
  queryFn: ({ signal }) => call('getAccount', { signal }),
})

export const ownSessionsQuery = queryOptions({
  queryKey: ['account', 'sessions'],
  queryFn: async ({ signal }) => (await call('listOwnSessions', { signal })).items,
})
