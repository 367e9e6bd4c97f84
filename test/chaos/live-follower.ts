import { setTimeout as sleep } from 'node:timers/promises'
import type { TimelineEntry } from '@keelson/contract'
import type { Keelson } from '../harness.ts'

/**
 * Follows the timeline as a browser does: one stream, taken up again with Last-Event-ID whenever it
 * breaks. What it has collected at the end tells whether an event was lost or doubled on the way.
 */
export const followTimeline = (keelson: Keelson) => {
  const ended = new AbortController()
  const entries: TimelineEntry[] = []
  const resets: string[] = []
  let lastId = ''

  const read = async () => {
    const response = await fetch(`${keelson.url}/api/v1/live?topics=timeline`, {
      signal: ended.signal,
      headers: {
        accept: 'text/event-stream',
        authorization: `Bearer ${await keelson.token()}`,
        ...(lastId === '' ? {} : { 'last-event-id': lastId }),
      },
    })
    if (!response.ok || response.body === null) return
    let text = ''
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk
      for (let at = text.indexOf('\n\n'); at >= 0; at = text.indexOf('\n\n')) {
        accept(text.slice(0, at))
        text = text.slice(at + 2)
      }
    }
  }

  const accept = (block: string) => {
    const fields = new Map(
      block.split('\n').map((line) => {
        const [name = '', ...rest] = line.split(': ')
        return [name, rest.join(': ')]
      }),
    )
    const data = fields.get('data')
    const id = fields.get('id')
    if (id !== undefined && id !== '') lastId = id
    if (data === undefined) return
    if (fields.get('event') === 'reset') resets.push(data)
    if (fields.get('event') === 'timeline') entries.push(JSON.parse(data) as TimelineEntry)
  }

  const loop = async () => {
    while (!ended.signal.aborted) {
      await read().catch(() => {}) // cut off by the kill of this round, or by `end`
      if (!ended.signal.aborted) await sleep(200)
    }
  }
  const done = loop()
  return {
    entries,
    resets,
    end: async () => {
      ended.abort()
      await done
    },
  }
}
