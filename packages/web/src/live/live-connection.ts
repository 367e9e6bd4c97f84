import type { LiveMessages } from '@keelson/contract'

/**
 * The one stream of this tab. Every part of the page that wants to hear something subscribes here;
 * the browser reconnects by itself and sends the last id it saw, so durable messages are replayed.
 */

type FixedTopic = 'services' | 'timeline' | 'stacks' | 'traffic' | 'actions'
/** Listened to by the pages that show it; not everybody may. */
type GapTopic = 'gaps'
export type LogTopic = `logs:${string}`
export type Topic = FixedTopic | GapTopic | LogTopic
type Message<T extends Topic> = T extends FixedTopic | GapTopic
  ? LiveMessages[T]
  : LiveMessages['logs']

export type LiveStatus =
  /** Nobody looks, or may: no connection is held, and nothing is read in place of it. */
  | { kind: 'paused' }
  | { kind: 'connecting' }
  | { kind: 'live' }
  | { kind: 'reconnecting' }
  /** Connected, but silent for longer than the platform's 15 s heartbeat allows. */
  | { kind: 'stale'; seconds: number }

const fixedTopics: readonly FixedTopic[] = ['services', 'timeline', 'stacks', 'traffic', 'actions']

/** Two heartbeats missed. */
const staleAfterMs = 30_000
/** A connection that is half open never errs: after three heartbeats it is made anew. */
const reopenAfterMs = 50_000
const retryMsMin = 1000
const retryMsMax = 10_000

type Handler = (message: never) => void

export type LiveConnection = {
  /** One topic that is not permitted would have the whole stream refused; `mayHear` leaves it out. */
  start: (mayHear?: (topic: Topic) => boolean) => void
  /** Gives the connection back. After another start everything is read again. */
  stop: () => void
  subscribe: <T extends Topic>(topic: T, handler: (message: Message<T>) => void) => () => void
  /** Called whenever messages may have been missed: read everything again. */
  onReset: (handler: () => void) => () => void
  /** Called after every connect: what is not replayed (logs) has to be read from where it stopped. */
  onConnected: (handler: () => void) => () => void
  /** Called when the stream ends in a way the browser does not mend, as without a session. */
  onRefused: (handler: () => void) => () => void
  onStatus: (listener: () => void) => () => void
  getStatus: () => LiveStatus
}

/** As much of EventSource as is used. */
type Source = {
  readonly readyState: number
  addEventListener: (
    type: string,
    listener: (event: Event) => void,
    options?: { once?: boolean },
  ) => void
  close: () => void
}

type Deps = {
  open: (url: string) => Source
  now: () => number
}

const browser: Deps = { open: (url) => new EventSource(url), now: () => Date.now() }

export const createLiveConnection = ({ open, now }: Deps = browser): LiveConnection => {
  const handlers = new Map<Topic, Set<Handler>>(fixedTopics.map((topic) => [topic, new Set()]))
  const resets = new Set<() => void>()
  const greeted = new Set<() => void>()
  const refusals = new Set<() => void>()
  const listeners = new Set<() => void>()
  let status: LiveStatus = { kind: 'paused' }
  let source: Source | undefined
  let lastHeardAt = 0
  let opened = 0
  let retryMs = retryMsMin
  let retryTimer: ReturnType<typeof setTimeout> | undefined
  let watchTimer: ReturnType<typeof setInterval> | undefined
  let reopenTimer: ReturnType<typeof setTimeout> | undefined
  let running = false
  let isHeard: (topic: Topic) => boolean = () => true

  const setStatus = (next: LiveStatus) => {
    if (next.kind === status.kind && secondsOf(next) === secondsOf(status)) return
    status = next
    for (const listener of listeners) listener()
  }

  const heard = () => {
    lastHeardAt = now()
    retryMs = retryMsMin
    setStatus({ kind: 'live' })
  }

  const deliver = (topic: Topic, event: Event) => {
    heard()
    const message = JSON.parse((event as MessageEvent<string>).data) as never
    for (const handler of handlers.get(topic) ?? []) handler(message)
  }

  const missed = () => {
    heard()
    for (const handler of resets) handler()
  }

  const hello = () => {
    heard()
    for (const handler of greeted) handler()
  }

  const close = () => {
    source?.close()
    source = undefined
    clearTimeout(retryTimer)
  }

  const retry = () => {
    close()
    setStatus({ kind: 'reconnecting' })
    for (const handler of refusals) handler()
    retryTimer = setTimeout(connect, retryMs)
    retryMs = Math.min(retryMs * 2, retryMsMax)
  }

  const connect = () => {
    close()
    lastHeardAt = now()
    // A stream opened anew starts at the present, unlike one the browser reconnected.
    const afresh = opened > 0
    opened += 1
    const topics = [...handlers.keys()].filter(isHeard).map(encodeURIComponent).join(',')
    const current = open(`/api/v1/live?topics=${topics}`)
    source = current
    current.addEventListener('open', heard)
    current.addEventListener('hello', hello)
    current.addEventListener('ping', heard)
    current.addEventListener('message', heard)
    current.addEventListener('reset', missed)
    if (afresh) current.addEventListener('hello', missed, { once: true })
    for (const topic of handlers.keys()) {
      current.addEventListener(topic, (event) => deliver(topic, event))
    }
    current.addEventListener('error', () => {
      if (source !== current) return
      if (current.readyState === 2) retry()
      else setStatus({ kind: 'reconnecting' })
    })
  }

  /** Topics changed: one new stream, however many subscribers changed in the same turn. */
  const reopenSoon = () => {
    if (!running || reopenTimer !== undefined) return
    reopenTimer = setTimeout(() => {
      reopenTimer = undefined
      if (running) connect()
    }, 0)
  }

  const watch = () => {
    if (status.kind !== 'live' && status.kind !== 'stale') return
    const silentMs = now() - lastHeardAt
    if (silentMs >= reopenAfterMs) {
      setStatus({ kind: 'reconnecting' })
      connect()
    } else if (silentMs >= staleAfterMs) {
      setStatus({ kind: 'stale', seconds: Math.floor(silentMs / 1000) })
    }
  }

  return {
    start: (mayHear = () => true) => {
      if (running) return
      running = true
      isHeard = mayHear
      setStatus({ kind: 'connecting' })
      watchTimer = setInterval(watch, 1000)
      connect()
    },
    stop: () => {
      running = false
      clearInterval(watchTimer)
      clearTimeout(reopenTimer)
      reopenTimer = undefined
      close()
      setStatus({ kind: 'paused' })
    },
    subscribe: (topic, handler) => {
      const known = handlers.get(topic) ?? new Set<Handler>()
      if (!handlers.has(topic)) {
        handlers.set(topic, known)
        reopenSoon()
      }
      known.add(handler)
      return () => {
        known.delete(handler)
        if (known.size > 0 || isFixed(topic)) return
        handlers.delete(topic)
        reopenSoon()
      }
    },
    onReset: (handler) => add(resets, handler),
    onConnected: (handler) => add(greeted, handler),
    onRefused: (handler) => add(refusals, handler),
    onStatus: (listener) => add(listeners, listener),
    getStatus: () => status,
  }
}

const isFixed = (topic: Topic): boolean => fixedTopics.some((fixed) => fixed === topic)
const secondsOf = (status: LiveStatus): number => (status.kind === 'stale' ? status.seconds : 0)

const add = <T>(set: Set<T>, item: T): (() => void) => {
  set.add(item)
  return () => {
    set.delete(item)
  }
}
