import type { ServiceSummary, Session } from '@keelson/contract'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { setPlace } from '../ui/format.ts'
import { call, getDocument } from './call.ts'

/** What the page reads, with the key it is cached under. Live messages patch the same keys. */

export const keys = {
  overview: ['overview'],
  services: ['services'],
  map: ['map'],
  system: ['system'],
  service: (id: string) => ['service', id],
  stack: (name: string) => ['stack', name],
  /** What changes while a stack runs; its revisions change only when it is applied. */
  stackNow: (name: string) => ['stack', name, 'now'],
  gapList: ['gap-list'],
  gaps: (stack: string) => ['gaps', stack],
} as const

/** More services than any machine runs; beyond, the list says that it is cut. */
const servicePagesMax = 10

const readAllServices = async (signal: AbortSignal): Promise<ServiceSummary[]> => {
  const all: ServiceSummary[] = []
  let cursor: string | undefined
  for (let page = 0; page < servicePagesMax; page += 1) {
    const query = cursor === undefined ? { limit: 1000 } : { limit: 1000, cursor }
    const { items, nextCursor } = await call('listServices', { query, signal })
    all.push(...items)
    if (nextCursor === null) break
    cursor = nextCursor
  }
  return all
}

export const overviewQuery = queryOptions({
  queryKey: keys.overview,
  queryFn: ({ signal }) => call('getOverview', { signal }),
})

export const servicesQuery = queryOptions({
  queryKey: keys.services,
  queryFn: ({ signal }) => readAllServices(signal),
})

export const systemQuery = queryOptions({
  queryKey: keys.system,
  queryFn: ({ signal }) => call('getSystem', { signal }),
})

/** From now on times are shown as this person prefers them. */
export const withPlace = (session: Session): Session => {
  setPlace(session.preferences)
  return session
}

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }) => withPlace(await call('getSession', { signal })),
  staleTime: 60_000,
})

export const mapQuery = (stack: string | undefined) =>
  queryOptions({
    queryKey: [...keys.map, stack ?? ''],
    queryFn: ({ signal }) =>
      call('getMap', { query: stack === undefined ? {} : { stack }, signal }),
    placeholderData: keepPreviousData,
  })

export const serviceQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.service(id), 'detail'],
    queryFn: ({ signal }) => call('getService', { params: { name: id }, signal }),
  })

export const healthQuery = (id: string, hours: number) =>
  queryOptions({
    queryKey: [...keys.service(id), 'health', hours],
    queryFn: ({ signal }) =>
      call('getServiceHealth', { params: { name: id }, query: { hours }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  })

export const whyQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.service(id), 'why'],
    queryFn: ({ signal }) => call('whyService', { params: { name: id }, signal }),
  })

/** Pages of one service's timeline, newest first. */
export const serviceTimelineQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.service(id), 'timeline'],
    queryFn: ({ signal, pageParam }) =>
      call('getServiceTimeline', {
        params: { name: id },
        query: pageParam === null ? { limit: 50 } : { limit: 50, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
  })

/** While something of the stack is on its way it is read at this pace, beside the live messages. */
const underWayMs = 1500

export const stackStateQuery = (stack: string) =>
  queryOptions({
    queryKey: [...keys.stackNow(stack), 'state'],
    queryFn: ({ signal }) => call('getStackState', { params: { stack }, signal }),
    refetchInterval: ({ state: { data } }) =>
      data?.rollouts.some(({ endedAt }) => endedAt === null) === true ? underWayMs : 15_000,
  })

/** A file may be changed again without a new word about it, so it is read at this pace too. */
const filesReadEveryMs = 15_000

/** What applying the files as they are now would do. Reading them takes the platform half a second. */
export const filesPlanQuery = (stack: string) =>
  queryOptions({
    queryKey: [...keys.stack(stack), 'files-plan'],
    queryFn: ({ signal }) => call('planStackFiles', { params: { stack }, signal }),
    refetchInterval: filesReadEveryMs,
    retry: false,
  })

export const stackRevisionsQuery = (stack: string) =>
  queryOptions({
    queryKey: [...keys.stack(stack), 'revisions'],
    queryFn: async ({ signal }) =>
      (await call('listStackRevisions', { params: { stack }, signal })).items,
  })

export const stackStartQuery = (stack: string) =>
  queryOptions({
    queryKey: [...keys.stackNow(stack), 'start'],
    queryFn: ({ signal }) => call('getStackStart', { params: { stack }, signal }),
    refetchInterval: ({ state: { data } }) => (data?.endedAt === null ? underWayMs : false),
  })

/** Read only while somebody looks: the platform measures because it is asked. */
export const stackUsageQuery = (stack: string) =>
  queryOptions({
    queryKey: [...keys.stack(stack), 'usage'],
    queryFn: ({ signal }) => call('getStackUsage', { params: { stack }, signal }),
    refetchInterval: 2000,
    staleTime: 1000,
  })

/** What a rollback would do; changes nothing. Read anew every time somebody is about to do it. */
export const rollbackPlanQuery = (stack: string, revision: number | undefined) =>
  queryOptions({
    queryKey: ['rollback', stack, revision ?? 'before'],
    queryFn: ({ signal }) =>
      call('rollBackStack', {
        params: { stack },
        query: { dryRun: true },
        body: revision === undefined ? {} : { revision },
        signal,
      }),
    staleTime: 0,
    gcTime: 0,
  })

export const gapListQuery = queryOptions({
  queryKey: keys.gapList,
  queryFn: async ({ signal }) => (await call('listGaps', { signal })).items,
})

/** While the first audit is awaited, or another is under way, its end is looked for at this pace. */
export const gapsQuery = (stack: string) =>
  queryOptions({
    queryKey: [...keys.gaps(stack), 'report'],
    queryFn: ({ signal }) => call('getStackGaps', { params: { stack }, signal }),
    refetchInterval: ({ state: { data } }) =>
      data?.isAuditing === true || data?.state === 'waiting' ? underWayMs : 30_000,
  })

export const gapHistoryQuery = (stack: string) =>
  queryOptions({
    queryKey: [...keys.gaps(stack), 'history'],
    queryFn: async ({ signal }) =>
      (await call('getStackGapHistory', { params: { stack }, query: {}, signal })).items,
  })

/** What mending would write: an audit of its own for the platform, so it is read when it is asked for. */
export const gapFixQuery = (stack: string, fingerprints: string[]) =>
  queryOptions({
    queryKey: ['gap-fix', stack, ...fingerprints],
    queryFn: ({ signal }) =>
      call('previewGapFixes', { params: { stack }, body: { fingerprints }, signal }),
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 0,
  })

export const referenceQuery = queryOptions({
  queryKey: ['reference'],
  queryFn: ({ signal }) => getDocument('/api/v1/openapi.json', signal),
  staleTime: Number.POSITIVE_INFINITY,
})
