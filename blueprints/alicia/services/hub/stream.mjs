import { written } from '../../../shared/service.mjs'

const readersMax = 100
/** A reader that is this far behind is let go: it opens the stream again. */
const behindLimitBytes = 256 * 1024

/** Server-sent events to everybody who listens. */
export const createStream = () => {
  const readers = new Set()
  return {
    open: (request, response) => {
      if (readers.size >= readersMax) readers.values().next().value.end()
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.write('retry: 1000\n\n')
      readers.add(response)
      response.once('close', () => readers.delete(response))
      return written
    },
    send: (topic, body) => {
      const text = `data: ${JSON.stringify({ topic, body })}\n\n`
      for (const reader of readers) {
        if (reader.writableLength > behindLimitBytes) reader.destroy()
        else reader.write(text)
      }
    },
    close: () => readers.forEach((reader) => reader.end()),
  }
}
