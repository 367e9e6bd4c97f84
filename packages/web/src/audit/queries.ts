import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { objectFault, type AuditSearch } from './audit-search.ts'
import { lookFor } from './look-for.ts'

const hourMs = 3_600_000
const pageRows = 100

/** What the API is asked for; hours are counted from now. */
const filterOf = ({ q, hours, ...search }: AuditSearch) => ({
  ...search,
  ...(q === undefined ? {} : { contains: q }),
  ...(typeof hours === 'number'
    ? { from: new Date(Date.now() - hours * hourMs).toISOString() }
    : {}),
})

export const auditQuery = (search: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: ['audit', search],
    // What somebody types on the way to a kind and a name is not asked for, nor all instead of it.
    enabled: objectFault(search.object) === undefined,
    queryFn: ({ signal, pageParam }) => {
      const query = filterOf(search)
      return lookFor(pageParam, pageRows, (cursor, limit) =>
        call('listAudit', {
          query: { ...query, limit, ...(cursor === null ? {} : { cursor }) },
          signal,
        }),
      )
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  })

export const auditStateQuery = queryOptions({
  queryKey: ['audit-state'],
  queryFn: ({ signal }) => call('getAuditState', { signal }),
  refetchInterval: 15_000,
})

const lastRows = 8

/** The newest rows about one object, such as `service:shop/web`. */
export const objectAuditQuery = (object: string) =>
  queryOptions({
    queryKey: ['audit', 'object', object],
    queryFn: async ({ signal }) =>
      (await call('listAudit', { query: { object, limit: lastRows }, signal })).items,
  })

/** Where the rows that are looked at are saved from. */
export const exportPath = (search: AuditSearch, format: 'csv' | 'jsonl'): string =>
  `/api/v1/audit/export?${new URLSearchParams({ ...filterOf(search), format })}`
