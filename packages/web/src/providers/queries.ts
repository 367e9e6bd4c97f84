import { queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: async ({ signal }) => (await call('listProviders', { signal })).items,
})

export const signInPolicyQuery = queryOptions({
  queryKey: ['sign-in-policy'],
  queryFn: ({ signal }) => call('getSignInPolicy', { signal }),
})
