import { queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

/** All of it is read again after a change of how somebody proves who they are. */
export const accountKey = ['account'] as const

export const accountQuery = queryOptions({
  queryKey: [...accountKey, 'profile'],
  queryFn: ({ signal }) => call('getAccount', { signal }),
})

export const ownSessionsQuery = queryOptions({
  queryKey: [...accountKey, 'sessions'],
  queryFn: async ({ signal }) => (await call('listOwnSessions', { signal })).items,
})

export const ownFactorsQuery = queryOptions({
  queryKey: [...accountKey, 'factors'],
  queryFn: ({ signal }) => call('getOwnFactors', { signal }),
})

export const ownIdentitiesQuery = queryOptions({
  queryKey: [...accountKey, 'identities'],
  queryFn: async ({ signal }) => (await call('listOwnIdentities', { signal })).items,
})

export const ownTokensQuery = queryOptions({
  queryKey: [...accountKey, 'tokens'],
  queryFn: async ({ signal }) => (await call('listOwnTokens', { signal })).items,
})

export const ownClientsQuery = queryOptions({
  queryKey: [...accountKey, 'clients'],
  queryFn: async ({ signal }) => (await call('listOwnClients', { signal })).items,
})
