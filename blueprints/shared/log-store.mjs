// Takes log lines as syslog over UDP (RFC 5424, as Docker's driver sends it), keeps the latest, finds them.
import dgram from 'node:dgram'
import { Counter } from './metrics.mjs'
import { Refusal } from './service.mjs'

const lineLimitBytes = 16 * 1024
const pageMax = 1000
/** `<30>1 2026-01-01T00:00:00.000000Z host tag 123 tag - message` */
const message = /^<(\d{1,3})>1 (\S+) \S+ (\S+) \S+ \S+ (?:-|\[.*?\]) ?(.*)$/s

/**
 * Adds `GET /lines?service=&level=&text=&limit=` to a service, and listens for lines.
 * @param {ReturnType<import('./service.mjs').createService>} app
 * @param {{ port: number, host: string, linesMax?: number }} options the oldest lines go first
 * @returns {Promise<{ count: () => number, check: () => void, close: () => void }>}
 */
export const addLogStore = async (app, { port, host, linesMax = 50_000 }) => {
  const lines = []
  const taken = new Counter({
    name: 'logs_lines_received_total',
    help: 'Log lines that were taken',
  })
  const odd = new Counter({
    name: 'logs_lines_unreadable_total',
    help: 'Datagrams that are no syslog of RFC 5424',
  })

  const socket = dgram.createSocket('udp4')
  socket.on('message', (datagram) => {
    const line = parsedLine(datagram.subarray(0, lineLimitBytes).toString('utf8'))
    if (line === undefined) return odd.inc()
    taken.inc()
    lines.push(line)
    // Not one at a time: taking from the front costs the whole list.
    if (lines.length > linesMax * 1.1) lines.splice(0, lines.length - linesMax)
  })
  await new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, host, resolve)
  })
  let fault
  socket.on('error', (error) => {
    fault = error
  })

  app.get('/lines', ({ query }) => {
    const limit = Number(query.get('limit') ?? 100)
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= pageMax)) {
      throw new Refusal(400, `limit is a whole number from 1 to ${pageMax}`)
    }
    const wanted = ['service', 'level'].filter((name) => query.has(name))
    const text = query.get('text')
    const found = lines.filter(
      (line) =>
        wanted.every((name) => line[name] === query.get(name)) &&
        (text === null || line.message.includes(text)),
    )
    return { lines: found.slice(-limit), total: found.length }
  })

  return {
    count: () => lines.length,
    check: () => {
      if (fault !== undefined) throw new Error(`no lines are taken: ${fault.message}`)
    },
    close: () => socket.close(),
  }
}

const levels = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug']

/** Of a line in JSON its own level counts: to Docker all of stdout is of one. */
const parsedLine = (datagram) => {
  const match = message.exec(datagram.trimEnd())
  if (match === null) return undefined
  const [, priority, at, tag, text] = match
  const fields = text.startsWith('{') ? fieldsOf(text) : {}
  const level = typeof fields.level === 'string' ? fields.level : levels[Number(priority) % 8]
  return { at, service: tag, level, message: text }
}

const fieldsOf = (text) => {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
