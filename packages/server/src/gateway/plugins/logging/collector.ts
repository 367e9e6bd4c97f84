import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { PluginHost } from '../plugin.ts'

export type CollectorOptions = {
  url: string
  method?: 'POST' | 'PUT' | 'PATCH'
  /** Beside Host and Content-Length. */
  headers: Readonly<Record<string, string>>
  /** For one request, from its start to the end of the answer. */
  timeoutMs: number
  /** How long an idle connection is kept; 0 keeps none. */
  keepAliveMs: number
  /** Whether the certificate is verified. */
  verify: boolean
  locate?: PluginHost['locate'] | undefined
}

/** Answers of collectors are short; the rest of a longer one is read away. */
const shownBytes = 200
/** One connection for each batch under way is enough; see `mostAtOnce` of the queue. */
const maxConnections = 64

/**
 * Sends batches to a server for logs or traces. Loopback and private addresses are as good as any:
 * the address is of whoever configures the gateway, never of a request, and a collector belongs
 * inside. Redirects are not followed. Connections are kept, unlike those of `fetchOutgoing`, since
 * entries come all the time.
 */
export const openCollector = (options: CollectorOptions) => {
  const { url, method = 'POST', timeoutMs, keepAliveMs, verify } = options
  const { address, authorization } = withoutCredentials(url)
  const isSecure = address.protocol === 'https:'
  const agent = agentFor(isSecure, keepAliveMs, verify)
  const headers = { host: address.host, ...options.headers, ...authorization }
  const port = Number(address.port === '' ? (isSecure ? 443 : 80) : address.port)
  return {
    /** Rejects unless the answer is a 2xx. */
    send(body: string | Buffer, signal: AbortSignal): Promise<void> {
      return new Promise((resolve, reject) => {
        const at = options.locate?.(address.hostname, port)
        const request = (isSecure ? requestHttps : requestHttp)(address, {
          ...(at === undefined ? {} : { hostname: at.host, port: at.port }),
          method,
          agent,
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
          signal,
        })
        const late = (): void => void request.destroy(new Error(`took over ${timeoutMs} ms`))
        const patience = setTimeout(late, timeoutMs)
        const fail = (error: unknown): void => {
          clearTimeout(patience)
          reject(failure(address, error))
        }
        request.on('error', fail)
        request.on('response', (answer) => {
          settle(answer).then(() => {
            clearTimeout(patience)
            resolve()
          }, fail)
        })
        request.end(body)
      })
    },
    close: (): void => agent.destroy(),
  }
}

const agentFor = (isSecure: boolean, keepAliveMs: number, verify: boolean) => {
  const settings = {
    keepAlive: keepAliveMs > 0,
    maxSockets: maxConnections,
    maxFreeSockets: 2,
    ...(keepAliveMs > 0 ? { timeout: keepAliveMs } : {}),
  }
  return isSecure
    ? new HttpsAgent({ ...settings, rejectUnauthorized: verify })
    : new HttpAgent(settings)
}

/** A name and password in the address go as basic authentication, as in Kong. */
const withoutCredentials = (
  url: string,
): { address: URL; authorization: Readonly<Record<string, string>> } => {
  const address = new URL(url)
  if (address.username === '' && address.password === '') return { address, authorization: {} }
  const pair = `${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`
  address.username = ''
  address.password = ''
  return {
    address,
    authorization: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
  }
}

const settle = async (answer: IncomingMessage): Promise<void> => {
  const status = answer.statusCode ?? 0
  let shown = ''
  for await (const part of answer as AsyncIterable<Buffer>) {
    if (shown.length < shownBytes) shown += part.toString('utf8')
  }
  if (status < 200 || status > 299) {
    throw new Error(`answered ${status} ${shown.slice(0, shownBytes)}`.trimEnd())
  }
}

/** Without query and credentials, which may be secret. */
const failure = ({ host }: URL, error: unknown): Error =>
  new Error(`${host}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
