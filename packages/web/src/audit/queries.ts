import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import type { AuditSearch } from './audit-search.ts'
import { lookFor } from './look-for.ts'

const hourMs = 3_600_000
const pageRows = 100

/** What somebody types on the way to a kind and a name is not asked for. */
const isObject = (text: string): boolean => /^[a-z_]+:./.test(text)

export const auditQuery = ({ q, hours, object, ...search }: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: ['audit', q ?? '', hours ?? 0, object ?? '', search],
    queryFn: ({ signal, pageParam }) => {
      const from = hours === undefined ? null : new Date(Date.now() - hours * hourMs).toISOString()
      const query = {
        ...search,
        ...(object === undefined || !isObject(object) ? {} : { object }),
        ...(q === undefined ? {} : { contains: q }),
        ...(from === null ? {} : { from }),
      }
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
export const exportPath = (
  { q, hours, object, ...search }: AuditSearch,
  format: 'csv' | 'jsonl',
): string => {
  const asked = new URLSearchParams(search)
  if (object !== undefined && isObject(object)) asked.set('object', object)
  if (q !== undefined) asked.set('contains', q)
  if (hours !== undefined) asked.set('from', new Date(Date.now() - hours * hourMs).toISOString())
  asked.set('format', format)
  return `/api/v1/audit/export?${asked}`
}
