import type { GatewayExplainAsk } from '@keelson/contract'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

/** What the pages of the gateway read, and how often while somebody looks. */

export const gatewayKey = ['gateway'] as const

/** Rates and states are of the last seconds; a hidden window reads nothing. */
const liveMs = 2000
const routesAtOnce = 200
const consumersAtOnce = 100

/** A page of 200 routes takes the platform 10 ms and is 115 kB: many are read less often. */
const perPageMs = 250
const paceOf = (pages = 1): number => liveMs + perPageMs * (pages - 1)

export const gatewayRoutesQuery = (contains: string, stack: string | undefined) =>
  infiniteQueryOptions({
    queryKey: [...gatewayKey, 'routes', contains, stack ?? ''],
    queryFn: ({ signal, pageParam }) =>
      call('listGatewayRoutes', {
        query: {
          limit: routesAtOnce,
          ...(contains === '' ? {} : { contains }),
          ...(stack === undefined ? {} : { stack }),
          ...(pageParam === null ? {} : { cursor: pageParam }),
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) => paceOf(data?.pages.length),
    staleTime: 1000,
  })

export const gatewayUpstreamsQuery = queryOptions({
  queryKey: [...gatewayKey, 'upstreams'],
  queryFn: async ({ signal }) => (await call('listGatewayUpstreams', { signal })).items,
  refetchInterval: liveMs,
  staleTime: 1000,
})

export const gatewayConsumersQuery = (contains: string) =>
  infiniteQueryOptions({
    queryKey: [...gatewayKey, 'consumers', contains],
    queryFn: ({ signal, pageParam }) =>
      call('listGatewayConsumers', {
        query: {
          limit: consumersAtOnce,
          ...(contains === '' ? {} : { contains }),
          ...(pageParam === null ? {} : { cursor: pageParam }),
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  })

export const gatewayCachesQuery = queryOptions({
  queryKey: [...gatewayKey, 'caches'],
  queryFn: async ({ signal }) => (await call('listGatewayCaches', { signal })).items,
  refetchInterval: liveMs,
  staleTime: 1000,
})

export const gatewayCertificatesQuery = queryOptions({
  queryKey: [...gatewayKey, 'certificates'],
  queryFn: async ({ signal }) => (await call('listGatewayCertificates', { signal })).items,
  refetchInterval: 30_000,
})

export const gatewayDocumentsQuery = queryOptions({
  queryKey: [...gatewayKey, 'documents'],
  queryFn: async ({ signal }) => (await call('listGatewayDocuments', { signal })).items,
  refetchInterval: 10_000,
})

export const gatewayRevisionsQuery = queryOptions({
  queryKey: [...gatewayKey, 'revisions'],
  queryFn: async ({ signal }) => (await call('listGatewayRevisions', { signal })).items,
  refetchInterval: 10_000,
})

/** What going back would change; changes nothing. Read anew every time somebody is about to do it. */
export const gatewayRollbackQuery = (revision: number) =>
  queryOptions({
    queryKey: ['gateway-rollback', revision],
    queryFn: ({ signal }) =>
      call('rollBackGateway', { query: { dryRun: true }, body: { revision }, signal }),
    staleTime: 0,
    gcTime: 0,
  })

export const explain = (ask: GatewayExplainAsk) => call('explainGateway', { body: ask })
