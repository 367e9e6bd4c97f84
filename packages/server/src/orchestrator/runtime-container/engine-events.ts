import type { Clock, Timer } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { RuntimeLog } from '../runtime.ts'
import type { Engine } from './engine.ts'

export type EngineEvents = {
  /** Are events heard at this moment? */
  readonly connected: boolean
  close(): void
}

export type ContainerEvent = {
  id: string
  action: (typeof actions)[number]
  /** Of `die`. */
  exitCode: number | null
  /** Of `kill`: the number. */
  signal: number | null
}

export type EngineEventsOptions = {
  engine: Engine
  clock: Clock
  log: RuntimeLog
  onEvent: (event: ContainerEvent) => void
  /** Events may have been missed: everything is to be looked at. */
  onDoubt: () => void
}

/** Events can be lost, and while the engine restarts there are none: everything is looked at. */
const pollMs = 2000
const reconnectMsMax = 5000
/** A line of an event is some hundred bytes; labels of a container can make it some kilobytes. */
const lineLimit = 1024 * 1024

const actions = [
  ...(['start', 'die', 'oom', 'kill', 'stop', 'destroy'] as const),
  ...(['pause', 'unpause'] as const),
] as const

/** Hears of containers, for as long as it is open, also across restarts of the engine. */
export const followEngineEvents = (options: EngineEventsOptions): EngineEvents => {
  const { engine, clock, log, onEvent, onDoubt } = options
  const abort = new AbortController()
  let closed = false
  let connected = false
  let timer: Timer | null = null
  let wake: (() => void) | null = null

  const follow = async (): Promise<void> => {
    const filters = JSON.stringify({ type: ['container'], event: actions })
    const stream = await engine.call('tell its events', (docker) =>
      docker.getEvents({ filters, abortSignal: abort.signal }),
    )
    connected = true
    onDoubt()
    let rest = ''
    for await (const chunk of stream) {
      const lines = `${rest}${String(chunk)}`.split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > lineLimit) throw new Error('an event without an end')
      for (const line of lines) {
        const event = line === '' ? null : parseEvent(line)
        if (event !== null) onEvent(event)
      }
    }
  }

  const run = async (): Promise<void> => {
    for (let pauseMs = 200; !closed; pauseMs = Math.min(pauseMs * 2, reconnectMsMax)) {
      const startedMs = clock.monotonicMs()
      try {
        await follow()
      } catch (error) {
        if (!closed) log.warn({ reason: messageOf(error) }, 'events of the engine were cut off')
      }
      connected = false
      if (closed) return
      if (clock.monotonicMs() - startedMs > reconnectMsMax) pauseMs = 200
      await new Promise<void>((resolve) => {
        wake = resolve
        clock.setTimer(resolve, pauseMs)
      })
    }
  }

  const poll = (): void => {
    if (closed) return
    timer = clock.setTimer(poll, pollMs)
    onDoubt()
  }

  void run()
  timer = clock.setTimer(poll, pollMs)
  return {
    get connected() {
      return connected
    },
    close: () => {
      closed = true
      timer?.cancel()
      abort.abort()
      wake?.()
    },
  }
}

type RawEvent = {
  Action?: string
  Actor?: { ID?: string; Attributes?: { exitCode?: string; signal?: string } }
}

const parseEvent = (line: string): ContainerEvent | null => {
  const { Action, Actor } = JSON.parse(line) as RawEvent
  const action = actions.find((known) => known === Action)
  if (action === undefined || Actor?.ID === undefined) return null
  const { exitCode, signal } = Actor.Attributes ?? {}
  return {
    id: Actor.ID,
    action,
    exitCode: exitCode === undefined ? null : Number(exitCode),
    signal: signal === undefined ? null : Number(signal),
  }
}
