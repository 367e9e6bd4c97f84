import type { Permission } from '@keelson/contract'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import {
  createContext,
  use,
  useEffect,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from 'react'
import { sessionQuery } from '../api/queries.ts'
import { feedCache } from './live-cache.ts'
import {
  createLiveConnection,
  type LiveConnection,
  type LiveStatus,
  type Topic,
} from './live-connection.ts'
import { createActionsStore, type ActionsByStack } from './actions.ts'
import { createTrafficStore, type TrafficByEdge } from './traffic.ts'
import { whileSeen } from './while-seen.ts'

type Live = {
  connection: LiveConnection
  traffic: ReturnType<typeof createTrafficStore>
  actions: ReturnType<typeof createActionsStore>
}

const LiveContext = createContext<Live | null>(null)

const useLive = (): Live => {
  const live = use(LiveContext)
  if (live === null) throw new Error('LiveProvider is missing above this component')
  return live
}

/** What the platform asks for a topic; without `services:read` there is no stream at all. */
const needOf = (topic: Topic): Permission => {
  if (topic === 'gaps') return 'gaps:read'
  if (topic === 'stacks' || topic === 'actions') return 'stacks:read'
  return topic.startsWith('logs:') ? 'logs:read' : 'services:read'
}

/**
 * Holds the stream while it is mounted, the page is looked at and its reader may hear it, and keeps the
 * query cache in step with it.
 */
export const LiveProvider = ({ children }: { children: ReactNode }) => {
  const cache = useQueryClient()
  const permissions = useQuery(sessionQuery).data?.permissions
  const [live] = useState<Live>(() => ({
    connection: createLiveConnection(),
    traffic: createTrafficStore(),
    actions: createActionsStore(),
  }))
  useEffect(() => {
    const { connection, traffic, actions } = live
    const stops = [
      feedCache(connection, cache),
      connection.subscribe('traffic', traffic.put),
      connection.subscribe('actions', actions.put),
      // The stream cannot say why it was refused; the session route can, and a 401 leads to sign-in.
      connection.onRefused(() => void cache.invalidateQueries({ queryKey: sessionQuery.queryKey })),
    ]
    const timer = setInterval(() => {
      traffic.expire()
      actions.expire()
    }, 1000)
    return () => {
      clearInterval(timer)
      for (const stop of stops) stop()
    }
  }, [live, cache])
  useEffect(() => {
    if (permissions?.includes('services:read') !== true) return undefined
    const { start, stop } = live.connection
    const mayHear = (topic: Topic) => permissions.includes(needOf(topic))
    return whileSeen({ start: () => start(mayHear), stop })
  }, [live, permissions])
  return <LiveContext value={live}>{children}</LiveContext>
}

export const useLiveConnection = (): LiveConnection => useLive().connection

export const useLiveStatus = (): LiveStatus => {
  const { connection } = useLive()
  return useSyncExternalStore(connection.onStatus, connection.getStatus)
}

export const useTraffic = (): TrafficByEdge => {
  const { traffic } = useLive()
  return useSyncExternalStore(traffic.subscribe, traffic.get)
}

/** Actions of plans that are being applied, and the way to put a list of them away. */
export const useActions = (): { actions: ActionsByStack; dismiss: (stack: string) => void } => {
  const { actions } = useLive()
  return {
    actions: useSyncExternalStore(actions.subscribe, actions.get),
    dismiss: actions.dismiss,
  }
}

/** While the stream is broken, pages fall back to reading every 10 s. */
export const useFallbackInterval = (): number | false => {
  const { kind } = useLiveStatus()
  return kind === 'live' || kind === 'paused' ? false : 10_000
}
