import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

export const serviceAccountsKey = ['service-accounts']
export const tokensKey = ['tokens']
const tokensAtOnce = 100

export const serviceAccountsQuery = queryOptions({
  queryKey: [...serviceAccountsKey, 'list'],
  queryFn: async ({ signal }) => (await call('listServiceAccounts', { signal })).items,
})

export const serviceAccountQuery = (account: string) =>
  queryOptions({
    queryKey: [...serviceAccountsKey, 'one', account],
    queryFn: ({ signal }) => call('getServiceAccount', { params: { account }, signal }),
  })

export const serviceAccountTokensQuery = (account: string) =>
  queryOptions({
    queryKey: [...serviceAccountsKey, 'tokens', account],
    queryFn: async ({ signal }) =>
      (await call('listServiceAccountTokens', { params: { account }, signal })).items,
  })

/** Of everybody, or of one user or service account. */
export const tokensQuery = (owner: string | undefined) =>
  infiniteQueryOptions({
    queryKey: [...tokensKey, owner ?? ''],
    queryFn: ({ signal, pageParam }) =>
      call('listTokens', {
        query: {
          limit: tokensAtOnce,
          ...(owner === undefined ? {} : { owner }),
          ...(pageParam === null ? {} : { cursor: pageParam }),
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  })
