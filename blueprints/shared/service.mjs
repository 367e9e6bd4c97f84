// One HTTP service: routes with JSON, health, metrics, logs, and a clean end on SIGTERM.
//
//   const app = createService('catalog')
//   app.get('/health', healthOf(async () => { await database.check() }))
//   app.get('/metrics', metricsPage)
//   app.get('/products/:id', ({ params: [id] }) => findProduct(id))
//   app.onStop(() => database.close())
//   await app.listen(process.env.PORT, process.env.HOST)
//
// Routes, ports, variables and metrics stand in the main.mjs of a service, where a reader looks for them.
import http from 'node:http'
import { createLog } from './log.mjs'
import { exposeMetrics, Gauge, Histogram } from './metrics.mjs'

const jsonLimitBytes = 256 * 1024
const drainMs = 3000

/** An answer other than 200, thrown by a route. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

const rawMark = Symbol('raw')

/** An answer with its own status, headers and body (text or bytes). */
export const raw = (status, headers, body) => ({ [rawMark]: true, status, headers, body })

/** A JSON answer with a status of its own. */
export const json = (status, body) =>
  raw(
    status,
    { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    JSON.stringify(body),
  )

/** What a route returns that has written to `response` by itself. */
export const written = Symbol('written')

/**
 * Answers a health check. `check` throws when the service is unwell, with the reason as its message;
 * what it returns is told beside `status: healthy`.
 * @param {() => Promise<object | void> | object | void} check
 */
export const healthOf = (check) => async () => {
  try {
    return { status: 'healthy', ...(await check()) }
  } catch (error) {
    return json(503, { status: 'unhealthy', reason: error.message })
  }
}

/** Answers Prometheus with all metrics of this process. */
export const metricsPage = async () =>
  raw(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }, await exposeMetrics())

const answered = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time until an answer was complete, by route and status',
})
const memory = new Gauge({
  name: 'process_resident_memory_bytes',
  help: 'Memory of this process',
  collect: (gauge) => gauge.set(process.memoryUsage.rss()),
})
memory.set(0)

/**
 * @typedef {{ params: string[], query: URLSearchParams, body: any, request: http.IncomingMessage,
 *   response: http.ServerResponse, bytes: (limitBytes: number) => Promise<Buffer> }} Asked
 *   `body` is the parsed JSON of a POST, PUT or PATCH with that type, else `{}`; any other body is
 *   read by `bytes()`, or streamed from `request`
 */

/**
 * A service with the routes that it is given: `app.get('/things/:id', handler)`; `:id` matches one
 * segment, a `*` at the end all the rest. A handler returns the JSON to answer with, what `raw()` or
 * `json()` made, or `written`.
 *
 * @param {string} name
 * @param {object} [options]
 * @param {(asked: Asked & { route: string }, handle: () => Promise<any>) => Promise<any>} [options.around]
 *   runs each handler, as a trace does that gives it a span
 * @param {(line: object) => void} [options.onLine] gets every line of the log too
 * @returns the service: `get`, `post`, `put`, `delete` and `all` add routes, `onStop` what to do after the last
 *   answer, `listen(port, host)` starts it; `log` is its log
 */
export const createService = (name, { around = (_asked, handle) => handle(), onLine } = {}) => {
  const log = createLog(name, onLine)
  const routes = []
  const stops = []
  const add = (method) => (path, handler) => {
    const pattern = path.replaceAll(/:\w+/g, '([^/]+)').replace(/\*$/, '(.*)')
    routes.push({ method, path, pattern: new RegExp(`^${pattern}$`), handler })
  }

  const findRoute = (method, path) => {
    const candidates = routes.filter((route) => route.pattern.test(path))
    const route = candidates.find((one) => one.method === method || one.method === 'ALL')
    if (route !== undefined) return route
    throw candidates.length > 0
      ? new Refusal(405, `${method} is not possible at ${path}`)
      : new Refusal(404, `There is nothing at ${path}`)
  }

  const answer = async (request, response, told) => {
    const url = new URL(request.url ?? '/', 'http://service')
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const route = findRoute(method, url.pathname)
    told.route = route.path
    const isJson = request.headers['content-type']?.startsWith('application/json') === true
    if (method !== 'GET') refuseOtherSites(request)
    const params = (route.pattern.exec(url.pathname) ?? []).slice(1).map(decodedOf)
    // Read once: a signature is made of the bytes, the handler wants what they say.
    let read
    const bytes = (limitBytes) => (read ??= readBytes(request, limitBytes))
    const body = isJson && method !== 'GET' ? parsed(await bytes(jsonLimitBytes)) : {}
    const asked = { params, query: url.searchParams, body, request, response, bytes }
    return around({ ...asked, route: route.path }, async () => route.handler(asked))
  }

  const server = http.createServer((request, response) => {
    const startedAt = performance.now()
    const told = { route: 'none' }
    response.once('close', () => {
      const labels = { method: request.method, route: told.route, status: response.statusCode }
      answered.observe((performance.now() - startedAt) / 1000, labels)
    })
    void answer(request, response, told)
      .catch((error) => {
        if (error instanceof Refusal) return json(error.status, { error: error.message })
        log.error('request failed', { path: request.url, reason: error.message })
        return json(500, { error: error.message })
      })
      .then((result) => {
        if (result === written) return
        const { status, headers, body } = result?.[rawMark] ? result : json(200, result ?? {})
        if (response.headersSent) return response.destroy()
        if (!server.listening) response.setHeader('connection', 'close')
        response.writeHead(status, {
          ...headers,
          'content-length': Buffer.byteLength(body),
          'x-content-type-options': 'nosniff',
        })
        response.end(request.method === 'HEAD' ? undefined : body)
      })
  })
  server.requestTimeout = 60_000
  // Longer than any client keeps an idle connection, so that it is never us who close one in use.
  server.keepAliveTimeout = 65_000

  const end = async (signal) => {
    log.info('stopping', { signal })
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeIdleConnections()
    const giveUp = setTimeout(() => server.closeAllConnections(), drainMs)
    await closed
    clearTimeout(giveUp)
    for (const stop of stops) await stop()
    log.info('stopped')
    process.exit(0)
  }

  /**
   * @param {number | string | undefined} port
   * @param {string} [host] `0.0.0.0` in a container
   */
  const listen = async (port, host = '127.0.0.1') => {
    const number = Number(port)
    if (!Number.isInteger(number) || number < 1) throw new Error(`${name}: the port is not set`)
    await new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(number, host, resolve)
    })
    log.info('listening', { port: number, host, pid: process.pid })
    for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void end(signal))
  }

  return {
    log,
    server,
    get: add('GET'),
    post: add('POST'),
    put: add('PUT'),
    delete: add('DELETE'),
    all: add('ALL'),
    onStop: (stop) => stops.push(stop),
    listen,
  }
}

/**
 * A page of another site can make the visitor's browser send a POST here. Browsers say so:
 * Sec-Fetch-Site (all since 2023), else Origin. Programs send neither, and act for themselves.
 */
const refuseOtherSites = (request) => {
  const { 'sec-fetch-site': site, origin, host } = request.headers
  const own = request.headers['x-forwarded-host'] ?? host
  const isForeign =
    site === undefined
      ? origin !== undefined && (URL.canParse(origin) ? new URL(origin).host : undefined) !== own
      : site !== 'same-origin' && site !== 'none'
  if (isForeign) throw new Refusal(403, 'The request came from another site')
}

const decodedOf = (text) => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Refusal(400, `The path holds %-signs that mean nothing: ${text}`)
  }
}

const readBytes = async (request, limitBytes) => {
  const chunks = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > limitBytes) throw new Refusal(413, `More than ${limitBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const parsed = (bytes) => {
  if (bytes.length === 0) return {}
  try {
    const body = JSON.parse(bytes.toString('utf8'))
    return typeof body === 'object' && body !== null ? body : {}
  } catch {
    throw new Refusal(400, 'The body is not JSON')
  }
}
