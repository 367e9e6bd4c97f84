import { queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

export const signInQuery = queryOptions({
  queryKey: ['sign-in'],
  queryFn: ({ signal }) => call('getSignIn', { signal }),
  staleTime: 0,
})

/** What a link is for. Its token is part of no key: keys are shown by tools for developers. */
export const linkQuery = (token: string, visit: number) =>
  queryOptions({
    queryKey: ['link', visit],
    queryFn: ({ signal }) => call('readLink', { body: { token }, signal }),
    retry: false,
    gcTime: 0,
    staleTime: Infinity,
  })
