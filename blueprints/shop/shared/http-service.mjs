import http from 'node:http'

const bodyLimitBytes = 16 * 1024
const drainMs = 3000

/** An answer other than 200, thrown by a route. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/**
 * Runs one service: listens on $PORT, answers routes with JSON, says on /health how it is, and ends
 * cleanly on SIGTERM.
 *
 * A route is `'METHOD /path'`; `:id` in a path matches one segment. A handler returns the JSON to
 * answer with, or what `raw()` made.
 *
 * @param {object} service
 * @param {ReturnType<import('./log.mjs').createLog>} service.log
 * @param {Record<string, (request: { params: string[], query: URLSearchParams, body: any }) => any>} service.routes
 * @param {() => Promise<object | void> | object | void} service.health throws when unwell, with the
 *   reason as its message
 * @param {() => Promise<void>} [service.start] before listening
 * @param {() => Promise<void>} [service.stop] after the last answer
 * @param {(response: http.ServerResponse) => void} [service.onAnswer] before the head is sent
 */
export const runService = async ({ log, routes, health, start, stop, onAnswer }) => {
  const table = Object.entries({ ...routes, 'GET /health': healthRoute(health) }).map(
    ([key, handler]) => {
      const [method, path] = key.split(' ')
      const pattern = path.replaceAll(/:\w+/g, '([^/]+)')
      return { method, pattern: new RegExp(`^${pattern}$`), handler }
    },
  )

  const answer = async (request) => {
    const url = new URL(request.url ?? '/', 'http://service')
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const candidates = table.filter((route) => route.pattern.test(url.pathname))
    const route = candidates.find((candidate) => candidate.method === method)
    if (route === undefined) {
      throw candidates.length > 0
        ? new Refusal(405, `${method} is not possible at ${url.pathname}`)
        : new Refusal(404, `There is nothing at ${url.pathname}`)
    }
    if (method !== 'GET') refuseOtherSites(request)
    const params = (route.pattern.exec(url.pathname) ?? []).slice(1).map(decodeURIComponent)
    const body = method === 'GET' ? undefined : await readJson(request)
    return route.handler({ params, query: url.searchParams, body })
  }

  const server = http.createServer((request, response) => {
    void answer(request)
      .then((result) => (result?.[rawMark] ? result : json(200, result ?? {})))
      .catch((error) => {
        if (error instanceof Refusal) return json(error.status, { error: error.message })
        log.error('request failed', { path: request.url, reason: error.message })
        return json(500, { error: error.message })
      })
      .then((result) => {
        onAnswer?.(response)
        if (!server.listening) response.setHeader('connection', 'close')
        response.writeHead(result.status, {
          ...result.headers,
          'content-length': Buffer.byteLength(result.body),
          'x-content-type-options': 'nosniff',
        })
        response.end(request.method === 'HEAD' ? undefined : result.body)
      })
  })
  server.requestTimeout = 15_000
  // Longer than any client keeps an idle connection, so that it is never us who close one in use.
  server.keepAliveTimeout = 65_000

  const port = Number(process.env.PORT)
  if (!Number.isInteger(port) || port < 1) throw new Error('PORT is not set')
  await start?.()
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, process.env.HOST ?? '127.0.0.1', resolve)
  })
  log.info('listening', { port, pid: process.pid })

  const end = async (signal) => {
    log.info('stopping', { signal })
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeIdleConnections()
    const giveUp = setTimeout(() => server.closeAllConnections(), drainMs)
    await closed
    clearTimeout(giveUp)
    await stop?.()
    log.info('stopped')
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void end(signal))
}

const rawMark = Symbol('raw')

/** An answer with its own status, headers and body. */
export const raw = (status, headers, body) => ({ [rawMark]: true, status, headers, body })

/** A JSON answer with a status of its own. Nobody keeps it, unless `cacheControl` says so. */
export const json = (status, body, cacheControl = 'no-store') =>
  raw(
    status,
    { 'content-type': 'application/json; charset=utf-8', 'cache-control': cacheControl },
    JSON.stringify(body),
  )

const healthRoute = (health) => async () => {
  try {
    return { status: 'healthy', ...(await health()) }
  } catch (error) {
    return json(503, { status: 'unhealthy', reason: error.message })
  }
}

/**
 * A page of another site can make the visitor's browser send a POST here. Browsers say so:
 * Sec-Fetch-Site (all since 2023), else Origin. Programs send neither, and act for themselves.
 */
const refuseOtherSites = (request) => {
  const { 'sec-fetch-site': site, origin, host } = request.headers
  const own = request.headers['x-forwarded-host'] ?? host
  const foreign =
    site === undefined
      ? origin !== undefined && originHost(origin) !== own
      : site !== 'same-origin' && site !== 'none'
  if (foreign) throw new Refusal(403, 'The request came from another site')
}

const originHost = (origin) => (URL.canParse(origin) ? new URL(origin).host : undefined)

const readJson = async (request) => {
  const chunks = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > bodyLimitBytes) throw new Refusal(413, `More than ${bodyLimitBytes} bytes`)
    chunks.push(chunk)
  }
  if (size === 0) return {}
  // A form of another site cannot send this type without asking first.
  if (!request.headers['content-type']?.startsWith('application/json')) {
    throw new Refusal(415, 'Send application/json')
  }
  try {
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    return typeof body === 'object' && body !== null ? body : {}
  } catch {
    throw new Refusal(400, 'The body is not JSON')
  }
}
