import { createSocket } from 'node:dgram'
import { connect as connectTcp, isIP, isIPv6, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { AuditRow } from '@keelson/contract'
import type { SyslogTarget } from '../../env-audit.ts'
import { messageOf } from '../../errors.ts'
import { DeliveryError, type Delivery } from './delivery.ts'
import { counted, syslogMessage } from './syslog-format.ts'

type Options = {
  timeoutMs?: number
  /** PEM; in place of the CAs of the system. */
  ca?: string
}

const timeoutMsDefault = 10_000
/** Of a datagram, with its IPv6 and UDP headers: 65,535 bytes. */
const datagramMax = 65_000

/** RFC 5424 over UDP (RFC 5426), TCP (RFC 6587) or TLS (RFC 5425). */
export const createSyslog = (target: SyslogTarget, options: Options = {}): Delivery => {
  const { protocol, host, port } = target
  const { timeoutMs = timeoutMsDefault, ca } = options
  const transmit = protocol === 'udp' ? sendDatagrams : sendStream
  return {
    to: `${protocol}://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    async send({ rows }, stopped) {
      const signal = AbortSignal.any([stopped, AbortSignal.timeout(timeoutMs)])
      const messages = rows.map((row) => ({ row, text: syslogMessage(row) }))
      try {
        await transmit({ ...target, ca }, messages, signal)
      } catch (error) {
        const reason = signal.aborted ? `not taken within ${timeoutMs / 1000} s` : messageOf(error)
        throw new DeliveryError(reason, { cause: error })
      }
    },
  }
}

type Message = { row: AuditRow; text: string }
type Transmit = (
  target: SyslogTarget & { ca: string | undefined },
  messages: readonly Message[],
  signal: AbortSignal,
) => Promise<void>

/**
 * Syslog has no acknowledgement, so a batch is a connection: we end our side, and it has arrived when
 * the other side, which read all of it to see that end, ends its own (RFC 5425, 4.4). A receiver that
 * dies with something unread resets the connection instead.
 */
const sendStream: Transmit = (target, messages, signal) =>
  new Promise((resolve, reject) => {
    const socket = open(target)
    const abort = (): void => void socket.destroy(new Error('given up'))
    signal.addEventListener('abort', abort, { once: true })
    let isWritten = false
    let isRead = false
    socket.on('error', reject)
    socket.on('end', () => (isRead = isWritten))
    socket.on('close', () => {
      signal.removeEventListener('abort', abort)
      if (isRead) resolve()
      else reject(new Error('the connection was closed before all was read'))
    })
    // Nothing is said in this direction; unread, its end would not be seen.
    socket.resume()
    socket.once(target.protocol === 'tls' ? 'secureConnect' : 'connect', () => {
      socket.write(messages.map(({ text }) => counted(text)).join(''), () => {
        isWritten = true
        socket.end()
      })
    })
    if (signal.aborted) abort()
  })

const open = ({ protocol, host, port, ca }: Parameters<Transmit>[0]): Socket =>
  protocol === 'tls'
    ? connectTls({ host, port, servername: isIP(host) === 0 ? host : '', ca })
    : connectTcp({ host, port })

/** Whether they arrive nobody knows; that nobody listens on this machine is told by the next one. */
const sendDatagrams: Transmit = async ({ host, port }, messages, signal) => {
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', signal })
  const failed = new Promise<never>((_resolve, reject) => socket.once('error', reject))
  const sent = async (): Promise<void> => {
    await new Promise<void>((resolve) => socket.connect(port, host, resolve))
    for (const message of messages) {
      await new Promise<void>((resolve, reject) => {
        socket.send(datagramOf(message), (error) => (error === null ? resolve() : reject(error)))
      })
    }
  }
  try {
    await Promise.race([sent(), failed])
  } finally {
    socket.close()
  }
}

const datagramOf = ({ row, text }: Message): Buffer => {
  const whole = Buffer.from(text)
  if (whole.length <= datagramMax) return whole
  return Buffer.from(syslogMessage({ ...row, before: null, after: null, cut: true }))
}
