import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import type { WarmFetch } from './warming.ts'

type Address = { host: string; port: number }

/** Doors of this gateway that nobody else knows; without TLS the second is null. */
export type OwnDoors = { http: Address; https: Address | null }

/** A URL that has not come as a whole by then counts as failed. */
const timeoutMs = 30_000

/** Asks for URLs through the doors of this gateway, as clients would, whatever their host. */
export const warmThrough =
  (doors: OwnDoors): WarmFetch =>
  (text, signal) =>
    new Promise((resolve) => {
      const url = new URL(text)
      const isTls = url.protocol === 'https:'
      const door = isTls ? doors.https : doors.http
      if (door === null) return resolve('the gateway speaks no TLS')
      const options = {
        ...{ host: door.host, port: door.port, path: `${url.pathname}${url.search}` },
        headers: { host: url.host, 'user-agent': 'Keelson cache warming' },
        ...{ signal, timeout: timeoutMs },
      }
      const tls = {
        ...(isHostName(url.hostname) ? { servername: url.hostname } : {}),
        // It is our own door, and may show a certificate of this machine's own authority.
        rejectUnauthorized: false,
      }
      const asked = isTls ? requestTls({ ...options, ...tls }) : requestPlain(options)
      const fail = (error: Error): void => resolve(error.message)
      asked.on('response', (answer) => {
        const { statusCode = 500 } = answer
        answer.on('end', () => resolve(statusCode < 400 ? null : `answered ${statusCode}`))
        answer.on('error', fail)
        answer.resume()
      })
      asked.on('timeout', () => asked.destroy(new Error(`no answer within ${timeoutMs} ms`)))
      asked.on('error', fail)
      asked.end()
    })

/** Addresses have no place in a handshake (RFC 6066 3). */
const isHostName = (host: string): boolean => !host.startsWith('[') && !/^[\d.]+$/.test(host)
