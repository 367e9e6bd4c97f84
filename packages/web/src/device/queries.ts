import { queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

/** Which program shows a code. The code is part of no key: keys are shown by tools for developers. */
export const deviceRequestQuery = (userCode: string, visit: number) =>
  queryOptions({
    queryKey: ['device-request', visit],
    queryFn: ({ signal }) => call('readDeviceRequest', { body: { userCode }, signal }),
    retry: false,
    gcTime: 0,
    staleTime: Infinity,
  })
