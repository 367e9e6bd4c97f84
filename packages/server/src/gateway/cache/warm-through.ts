import { request } from 'node:http'
import type { WarmFetch } from './warming.ts'

/** A URL that has not come as a whole by then counts as failed. */
const timeoutMs = 30_000

/** Asks for URLs through a listener of this gateway, as clients would, whatever their host. */
export const warmThrough =
  (listener: { host: string; port: number }): WarmFetch =>
  (text, signal) =>
    new Promise((resolve, reject) => {
      const url = new URL(text)
      const asked = request(
        {
          host: listener.host,
          port: listener.port,
          path: `${url.pathname}${url.search}`,
          headers: { host: url.host, 'user-agent': 'Keelson cache warming' },
          signal,
          timeout: timeoutMs,
        },
        (answer) => {
          answer.on('end', () => resolve((answer.statusCode ?? 500) < 400))
          answer.on('error', reject)
          answer.resume()
        },
      )
      asked.on('timeout', () => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)))
      asked.on('error', reject)
      asked.end()
    })
