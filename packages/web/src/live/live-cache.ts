import type { Overview, ServiceDetail, ServiceSummary, TimelineEntry } from '@keelson/contract'
import type { QueryClient } from '@tanstack/react-query'
import { keys } from '../api/queries.ts'
import type { LiveConnection } from './live-connection.ts'

/** As many as the platform's overview shows. */
const recentMax = 20
/** The verdict is the platform's to make; a burst of changes asks for it this often at most. */
const rereadEveryMs = 500

/**
 * Turns live messages into cache entries: a changed service appears at once, and what is derived
 * from it (verdict, map, story) is read again at a bounded rate. Returns the way to stop.
 */
export const feedCache = (live: LiveConnection, cache: QueryClient): (() => void) => {
  const rereads = createRereads(cache)
  const stops = [
    live.subscribe('services', (service) => {
      patchService(cache, service)
      rereads.ask(keys.overview)
      rereads.ask(keys.map)
      rereads.ask(keys.service(service.id))
      rereads.ask(keys.stackNow(service.stack))
    }),
    live.subscribe('timeline', (entry) => {
      patchRecent(cache, entry)
      if (entry.subject.includes('/')) rereads.ask(keys.service(entry.subject))
      const [stack = ''] = entry.subject.split('/')
      const isDrift = entry.type === 'stack.drifted' || entry.type === 'stack.mended'
      rereads.ask(isDrift ? keys.stack(stack) : keys.stackNow(stack))
      if (isDrift) rereads.ask(keys.overview)
    }),
    live.subscribe('stacks', ({ stack, removed }) => {
      if (removed) forgetStack(cache, stack)
      rereads.ask(keys.overview)
      rereads.ask(keys.services)
      rereads.ask(keys.map)
      rereads.ask(keys.stack(stack))
    }),
    live.onReset(() => void cache.invalidateQueries()),
    rereads.stop,
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

const patchService = (cache: QueryClient, service: ServiceSummary) => {
  cache.setQueryData<ServiceSummary[]>(keys.services, (known) => {
    if (known === undefined) return known
    const at = known.findIndex(({ id }) => id === service.id)
    return at === -1 ? [...known, service] : known.with(at, service)
  })
  cache.setQueryData<ServiceDetail>([...keys.service(service.id), 'detail'], (known) =>
    known === undefined ? known : { ...known, ...service },
  )
}

const patchRecent = (cache: QueryClient, entry: TimelineEntry) => {
  cache.setQueryData<Overview>(keys.overview, (known) => {
    if (known === undefined || known.recent.some(({ position }) => position === entry.position)) {
      return known
    }
    return { ...known, recent: [entry, ...known.recent].slice(0, recentMax) }
  })
}

const forgetStack = (cache: QueryClient, stack: string) => {
  cache.setQueryData<ServiceSummary[]>(keys.services, (known) =>
    known?.filter((service) => service.stack !== stack),
  )
  cache.setQueryData<Overview>(keys.overview, (known) =>
    known === undefined
      ? known
      : { ...known, stacks: known.stacks.filter(({ name }) => name !== stack) },
  )
}

/** Invalidates each key at once, then again at most every `rereadEveryMs` while asked for. */
const createRereads = (cache: QueryClient) => {
  const waiting = new Map<string, { timer: ReturnType<typeof setTimeout>; again: boolean }>()
  const run = (key: readonly string[]) => {
    const name = key.join(' ')
    void cache.invalidateQueries({ queryKey: key })
    const timer = setTimeout(() => {
      const again = waiting.get(name)?.again === true
      waiting.delete(name)
      if (again) run(key)
    }, rereadEveryMs)
    waiting.set(name, { timer, again: false })
  }
  return {
    ask: (key: readonly string[]) => {
      const known = waiting.get(key.join(' '))
      if (known === undefined) run(key)
      else known.again = true
    },
    stop: () => {
      for (const { timer } of waiting.values()) clearTimeout(timer)
      waiting.clear()
    },
  }
}
