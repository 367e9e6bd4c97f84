import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { isIP } from 'node:net'

/** Type of SRV records (RFC 2782). */
const srvType = 33
const headBytes = 12

/**
 * How long the SRV records of a name may be kept, in milliseconds: `node:dns` gives the records
 * without it. One question by UDP; null when no answer comes in time, or none that can be read.
 */
export const askSrvTtl = (
  name: string,
  server: string,
  timeoutMs: number,
): Promise<number | null> => {
  const { host, port } = placeOf(server)
  const id = randomInt(0x10000)
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4')
  return new Promise((resolve) => {
    let done = false
    const settle = (ttlMs: number | null): void => {
      if (done) return
      done = true
      clearTimeout(timer)
      socket.close(() => resolve(ttlMs))
    }
    const timer = setTimeout(settle, timeoutMs, null)
    socket.on('error', () => settle(null))
    socket.on('message', (answer) => {
      if (answer.length >= headBytes && answer.readUInt16BE(0) === id) settle(readTtl(answer))
    })
    // Connected: what others send does not arrive.
    socket.once('connect', () => socket.send(questionFor(name, id)))
    socket.connect(port, host)
  })
}

/** `address`, `address:port` or `[address]:port`, as node gives servers. */
const placeOf = (server: string): { host: string; port: number } => {
  if (isIP(server) !== 0) return { host: server, port: 53 }
  const colon = server.lastIndexOf(':')
  const host = server.slice(0, colon).replace(/^\[|\]$/g, '')
  return { host, port: Number(server.slice(colon + 1)) }
}

/** RFC 1035 4.1: one question, recursion desired. */
const questionFor = (name: string, id: number): Buffer => {
  const labels = name.split('.').filter((label) => label !== '')
  const head = Buffer.from([id >> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  const text = labels.flatMap((label) => [
    Buffer.from([label.length]),
    Buffer.from(label, 'latin1'),
  ])
  return Buffer.concat([head, ...text, Buffer.from([0, 0, srvType, 0, 1])])
}

/** The shortest time to live of its SRV records; null when there is none, or it makes no sense. */
export const readTtl = (answer: Buffer): number | null => {
  try {
    const records = answer.readUInt16BE(6)
    // The question: its name, type and class.
    let at = afterName(answer, headBytes) + 4
    let least = Infinity
    for (let record = 0; record < records; record += 1) {
      at = afterName(answer, at)
      const type = answer.readUInt16BE(at)
      if (type === srvType) least = Math.min(least, answer.readUInt32BE(at + 4))
      at += 10 + answer.readUInt16BE(at + 8)
    }
    return least === Infinity ? null : least * 1000
  } catch {
    // Node's reads throw where the answer ends too soon.
    return null
  }
}

/** Names are labels that end with an empty one, or with a pointer (RFC 1035 4.1.4). */
const afterName = (answer: Buffer, start: number): number => {
  let at = start
  for (;;) {
    const length = answer.readUInt8(at)
    if (length >= 0xc0) return at + 2
    at += 1 + length
    if (length === 0) return at
  }
}
