// Is somebody there? One TCP connection, and for HTTP one request with the credentials.
import http from 'node:http'
import net from 'node:net'

const timeoutMs = 2000
const portsMax = 256
const atOnce = 32

/** @returns {Promise<{ reachable: boolean, latencyMs: number, detail: string }>} */
export const testConnection = async ({ kind, address, port }, credentials) => {
  const startedAt = performance.now()
  const outcome = await (kind === 'http'
    ? askHttp(address, port, credentials)
    : connect(address, port))
  return { ...outcome, latencyMs: Math.round((performance.now() - startedAt) * 100) / 100 }
}

const connect = (host, port) =>
  new Promise((resolve) => {
    const socket = net.connect({ host, port })
    const end = (reachable, detail) => {
      socket.destroy()
      resolve({ reachable, detail })
    }
    socket.setTimeout(timeoutMs, () => end(false, `no answer in ${timeoutMs} ms`))
    socket.once('connect', () => end(true, 'takes connections'))
    socket.once('error', (error) => end(false, error.code ?? error.message))
  })

const askHttp = (host, port, credentials) =>
  new Promise((resolve) => {
    const auth = credentials && `${credentials.user}:${credentials.password}`
    const request = http.get({ host, port, path: '/', auth, timeout: timeoutMs }, (response) => {
      response.resume()
      const { statusCode = 0 } = response
      resolve({ reachable: statusCode < 500, detail: `answers ${statusCode}` })
    })
    request.once('timeout', () => request.destroy(new Error(`no answer in ${timeoutMs} ms`)))
    request.once('error', (error) =>
      resolve({ reachable: false, detail: error.code ?? error.message }),
    )
  })

/** The ports from `from` to `to` that take connections; at most 256 are tried, 32 at once. */
export const findOpenPorts = async (address, from, to) => {
  const ports = Array.from(
    { length: Math.min(to - from + 1, portsMax) },
    (_, index) => from + index,
  )
  const open = []
  while (ports.length > 0) {
    const batch = ports.splice(0, atOnce)
    const answers = await Promise.all(batch.map((port) => connect(address, port)))
    open.push(...batch.filter((_, index) => answers[index].reachable))
  }
  return open
}
