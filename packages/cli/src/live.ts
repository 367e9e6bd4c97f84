import { setTimeout as sleep } from 'node:timers/promises'

/** One message of the stream; `topic` is the event's name. */
export type LiveMessage = { topic: string; data: unknown; id: string | undefined }

/** Parses server-sent events (WHATWG HTML, 9.2) from a stream of text, piece by piece. */
export const createEventParser = (onMessage: (message: LiveMessage) => void) => {
  let rest = ''
  let topic = ''
  let data: string[] = []
  let id: string | undefined
  const line = (text: string) => {
    if (text === '') {
      if (data.length > 0)
        onMessage({ topic: topic || 'message', data: parse(data.join('\n')), id })
      topic = ''
      data = []
      return
    }
    const colon = text.indexOf(':')
    if (colon === 0) return // a comment: the heartbeat
    const field = colon === -1 ? text : text.slice(0, colon)
    const value = colon === -1 ? '' : text.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') topic = value
    else if (field === 'data') data.push(value)
    else if (field === 'id') id = value
  }
  return (chunk: string) => {
    rest += chunk
    if (rest.length > eventLimitBytes) throw new Error('an event of the live stream is too large')
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    lines.forEach(line)
  }
}

/** A line longer than this is not ours: the connection is given up and made again. */
const eventLimitBytes = 8 * 1024 * 1024

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Where the stream is, and what says who asks. */
export type LiveTarget = {
  url: string
  headers: () => Promise<Readonly<Record<string, string>>>
}

type LiveOptions = {
  /**
   * Asked before every connection, because a platform that was cut off may be back elsewhere, and
   * its former port may be another program's, which must not get the token. Undefined: there is
   * none now.
   */
  target: () => Promise<LiveTarget | undefined>
  topics: readonly string[]
  signal: AbortSignal
  onMessage: (message: LiveMessage) => void
  /** Connected, or cut off; callers that read everything anew after a cut need no replay. */
  onState?: (state: 'live' | 'reconnecting') => void
}

const retryFromMs = 200
const retryMaxMs = 5000
// The platform sends a comment every 15 s; a stream that is silent for three of them is dead.
const silenceLimitMs = 45_000

/** Follows topics until the signal; a cut stream is made again, continuing after its last id. */
export const followLive = async (options: LiveOptions): Promise<void> => {
  const { signal, onState } = options
  let lastId: string | undefined
  let retryMs = retryFromMs
  while (!signal.aborted) {
    try {
      const target = await options.target()
      if (signal.aborted) return
      if (target !== undefined)
        await readStream(options, target, lastId, (message) => {
          lastId = message.id ?? lastId
          retryMs = retryFromMs
          options.onMessage(message)
        })
    } catch {
      // Whatever cut it, the answer is the same: try again, or stop when asked to.
    }
    if (signal.aborted) return
    onState?.('reconnecting')
    await sleep(retryMs, undefined, { signal }).catch(() => undefined)
    retryMs = Math.min(retryMs * 2, retryMaxMs)
  }
}

const readStream = async (
  { topics, signal, onState }: LiveOptions,
  { url, headers }: LiveTarget,
  lastId: string | undefined,
  onMessage: (message: LiveMessage) => void,
): Promise<void> => {
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), silenceLimitMs)
  try {
    const query = new URLSearchParams({ topics: topics.join(',') })
    const answer = await fetch(`${url}/api/v1/live?${query}`, {
      headers: {
        accept: 'text/event-stream',
        ...(await headers()),
        ...(lastId === undefined ? {} : { 'last-event-id': lastId }),
      },
      signal: AbortSignal.any([signal, silence.signal]),
    })
    if (!answer.ok || answer.body === null) {
      await answer.body?.cancel()
      return
    }
    onState?.('live')
    const push = createEventParser(onMessage)
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), silenceLimitMs)
      push(chunk)
    }
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Runs `work` now, after every `wake`, and at least every `intervalMs`; never twice at once, and
 * any number of wakes while it runs are one. The stream only wakes, what is true is read: a lost,
 * doubled or reordered message then changes nothing.
 */
export const createWakingLoop = (options: {
  work: () => Promise<void>
  intervalMs: number
  signal: AbortSignal
}) => {
  const { work, intervalMs, signal } = options
  let woken = false
  let ring: (() => void) | undefined
  const run = async () => {
    while (!signal.aborted) {
      woken = false
      await work()
      if (signal.aborted) return
      if (woken) continue
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          ring = undefined
          resolve()
        }
        const timer = setTimeout(done, intervalMs)
        signal.addEventListener('abort', done, { once: true })
        ring = done
      })
    }
  }
  return {
    run,
    wake: () => {
      woken = true
      ring?.()
    },
  }
}
