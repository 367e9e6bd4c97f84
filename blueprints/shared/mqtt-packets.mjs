// Packets of MQTT 3.1.1 as bytes, QoS 0 and 1.
// https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html

export const kinds = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
}

/** A larger packet ends the connection: nothing here has a reason to send one. */
export const packetLimitBytes = 256 * 1024

const text = (value) => {
  const bytes = Buffer.from(value, 'utf8')
  return Buffer.concat([number(bytes.length), bytes])
}

const number = (value) => Buffer.from([value >> 8, value & 0xff])

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
const lengthOf = (length) => {
  const bytes = []
  let rest = length
  do {
    const more = rest > 127 ? 0x80 : 0
    bytes.push((rest & 0x7f) | more)
    rest >>= 7
  } while (rest > 0)
  return bytes
}

const packet = (kind, flags, ...parts) => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([(kind << 4) | flags, ...lengthOf(body.length)]), body])
}

/** @param {{ clientId: string, username?: string, password?: string, keepAliveSeconds: number, will?: { topic: string, payload: string } }} options */
export const connectPacket = ({ clientId, username, password, keepAliveSeconds, will }) => {
  const flags =
    2 | // clean session
    (will === undefined ? 0 : 4 | 8 | 32) | // a will of QoS 1 that is retained
    (password === undefined ? 0 : 64) |
    (username === undefined ? 0 : 128)
  return packet(
    kinds.connect,
    0,
    text('MQTT'),
    Buffer.from([4, flags]),
    number(keepAliveSeconds),
    text(clientId),
    ...(will === undefined ? [] : [text(will.topic), text(will.payload)]),
    ...[username, password].filter((one) => one !== undefined).map(text),
  )
}

/** @param {{ topic: string, payload: Buffer, qos: 0 | 1, retain?: boolean, id?: number, isAgain?: boolean }} message */
export const publishPacket = ({ topic, payload, qos, retain = false, id = 0, isAgain = false }) =>
  packet(
    kinds.publish,
    (isAgain ? 8 : 0) | (qos << 1) | (retain ? 1 : 0),
    text(topic),
    ...(qos === 0 ? [] : [number(id)]),
    payload,
  )

export const pubackPacket = (id) => packet(kinds.puback, 0, number(id))
export const subscribePacket = (id, filter, qos) =>
  packet(kinds.subscribe, 2, number(id), text(filter), Buffer.from([qos]))
export const pingPacket = packet(kinds.pingreq, 0)
export const disconnectPacket = packet(kinds.disconnect, 0)

/**
 * Takes bytes as they come and hands on each whole packet; throws at one that is too large.
 * @param {(packet: { kind: number, flags: number, body: Buffer }) => void} onPacket
 */
export const createPacketReader = (onPacket) => {
  let waiting = Buffer.alloc(0)
  return (chunk) => {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk])
    for (;;) {
      const head = readHead(waiting)
      if (head === undefined || waiting.length < head.end) return
      const [first = 0] = waiting
      const body = waiting.subarray(head.start, head.end)
      waiting = waiting.subarray(head.end)
      onPacket({ kind: first >> 4, flags: first & 15, body })
    }
  }
}

const readHead = (bytes) => {
  let length = 0
  for (let index = 1; index < 5; index += 1) {
    const byte = bytes[index]
    if (byte === undefined) return undefined
    length += (byte & 0x7f) * 128 ** (index - 1)
    if (byte > 127) continue
    if (length > packetLimitBytes) throw new Error(`A packet of ${length} bytes is too large`)
    return { start: index + 1, end: index + 1 + length }
  }
  throw new Error('The length of a packet has more than four bytes')
}

/** What a PUBLISH says. */
export const readPublish = ({ flags, body }) => {
  const qos = (flags >> 1) & 3
  const topicEnd = 2 + body.readUInt16BE(0)
  const start = topicEnd + (qos === 0 ? 0 : 2)
  return {
    topic: body.toString('utf8', 2, topicEnd),
    id: qos === 0 ? undefined : body.readUInt16BE(topicEnd),
    isRetained: (flags & 1) === 1,
    payload: body.subarray(start),
  }
}

/** Does a topic fit a filter with `+` and `#`? Topics that begin with `$` are asked for by name. */
export const fits = (filter, topic) => {
  if (topic.startsWith('$') !== filter.startsWith('$')) return false
  const wanted = filter.split('/')
  const levels = topic.split('/')
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true
    if (levels[index] === undefined || (level !== '+' && level !== levels[index])) return false
  }
  return wanted.length === levels.length
}
