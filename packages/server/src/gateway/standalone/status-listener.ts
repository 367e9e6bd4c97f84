import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getHeapStatistics } from 'node:v8'
import { AppError, messageOf } from '../../kernel/errors.ts'
import type { NodeFacts } from '../plugins/plugin.ts'

/** What a gateway says of itself. */
export type StatusSource = {
  /** Prometheus text format. */
  metrics(): Promise<string>
  connections(): Promise<ReturnType<NodeFacts['connections']>>
  /** Of the configuration in effect, 32 hex digits. */
  configurationHash(): string
  /** Why no requests should be sent here; null when they may. */
  unready(): string | null
}

const host = '127.0.0.1'
/** Scrapers come every few seconds; more at once are somebody's mistake. */
const connectionsMax = 64

type Answer = { status: number; type: string; text: string }

/**
 * Kong's status API, on the loopback: `/status`, `/status/ready` and `/metrics`; GET and HEAD only.
 * Port 0 takes a free one. Throws AppError('port_taken').
 */
export const openStatusListener = async (port: number, source: StatusSource) => {
  const server = createServer((request, response) => void reply(request, response, source))
  server.maxConnections = connectionsMax
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    const message = `The status port ${port} cannot be used: ${messageOf(cause)}`
    throw new AppError('port_taken', { message }, { cause })
  }
  const bound = server.address() as AddressInfo
  return {
    address: { host, port: bound.port },
    close: async (): Promise<void> => {
      server.close()
      server.closeAllConnections()
    },
  }
}

const reply = async (
  request: IncomingMessage,
  response: ServerResponse,
  source: StatusSource,
): Promise<void> => {
  const { status, type, text } = await answerTo(request, source).catch((error: unknown) =>
    json(503, { message: messageOf(error) }),
  )
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
  response.end(request.method === 'HEAD' ? '' : text)
}

const answerTo = async (
  { method, url = '' }: IncomingMessage,
  source: StatusSource,
): Promise<Answer> => {
  const [path = ''] = url.split('?')
  if (!paths.has(path)) return json(404, { message: 'Not found' })
  if (method !== 'GET' && method !== 'HEAD') return json(405, { message: 'Method not allowed' })
  if (path === '/status') return json(200, await statusOf(source))
  if (path === '/status/ready') {
    const reason = source.unready()
    return json(reason === null ? 200 : 503, { message: reason ?? 'ready' })
  }
  return { status: 200, type: metricsType, text: await source.metrics() }
}

const paths = new Set(['/status', '/status/ready', '/metrics'])
const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

const json = (status: number, value: unknown): Answer => ({
  status,
  type: 'application/json; charset=utf-8',
  text: JSON.stringify(value),
})

/** As Kong without a database says it (kong/api/routes/health.lua). */
const statusOf = async (source: StatusSource) => {
  const { accepted, active, inFlight, requests } = await source.connections()
  const heapMiB = getHeapStatistics().used_heap_size / 1024 / 1024
  return {
    server: {
      connections_accepted: accepted,
      connections_active: active,
      connections_handled: accepted,
      connections_reading: 0,
      connections_waiting: Math.max(0, active - inFlight),
      connections_writing: Math.min(active, inFlight),
      total_requests: requests,
    },
    memory: {
      workers_lua_vms: [{ http_allocated_gc: `${heapMiB.toFixed(2)} MiB`, pid: process.pid }],
      lua_shared_dicts: {},
    },
    database: { reachable: true },
    configuration_hash: source.configurationHash(),
  }
}
