import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import type { AuditSearch } from './audit-search.ts'

const hourMs = 3_600_000
const pageRows = 100

/** What somebody types on the way to a kind and a name is not asked for. */
const isObject = (text: string): boolean => /^[a-z_]+:./.test(text)

export const auditQuery = ({ q, hours, object, ...search }: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: ['audit', q ?? '', hours ?? 0, object ?? '', search],
    queryFn: ({ signal, pageParam }) =>
      call('listAudit', {
        query: {
          ...{ ...search, limit: pageRows },
          ...(object === undefined || !isObject(object) ? {} : { object }),
          ...(q === undefined ? {} : { contains: q }),
          ...(hours === undefined
            ? {}
            : { from: new Date(Date.now() - hours * hourMs).toISOString() }),
          ...(pageParam === null ? {} : { cursor: pageParam }),
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  })

export const auditStateQuery = queryOptions({
  queryKey: ['audit-state'],
  queryFn: ({ signal }) => call('getAuditState', { signal }),
  refetchInterval: 15_000,
})
