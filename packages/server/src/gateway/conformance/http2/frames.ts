import { connect, type Socket } from 'node:net'

/** Frames of HTTP/2 as bytes (RFC 9113 4 and 6), well-formed or not: what a client library would not send. */

export const types = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const endStream = 0x1
export const endHeaders = 0x4
export const padded = 0x8
export const ack = 0x1

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

const errorNames = [
  ...['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT'],
  ...['STREAM_CLOSED', 'FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR'],
  ...['CONNECT_ERROR', 'ENHANCE_YOUR_CALM', 'INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED'],
]

/** `length` says another length than the payload has. */
export const frame = (
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
  length = payload.length,
): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Literal fields without indexing and without Huffman (RFC 7541 6.2.2), latin1, as they are. */
export const fieldBlock = (fields: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]),
  )

const literal = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'latin1')
  const length: number[] = []
  let rest = bytes.length
  if (rest < 127) length.push(rest)
  else {
    length.push(127)
    for (rest -= 127; rest >= 128; rest >>>= 7) length.push((rest & 127) | 128)
    length.push(rest)
  }
  return Buffer.concat([Buffer.from(length), bytes])
}

export const uint32 = (...numbers: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * numbers.length)
  numbers.forEach((number, at) => bytes.writeUInt32BE(number >>> 0, 4 * at))
  return bytes
}

export const settings = (...pairs: readonly (readonly [number, number])[]): Buffer =>
  frame(
    types.settings,
    0,
    0,
    Buffer.concat(
      pairs.map(([id, value]) => {
        const bytes = Buffer.alloc(6)
        bytes.writeUInt16BE(id, 0)
        bytes.writeUInt32BE(value, 2)
        return bytes
      }),
    ),
  )

const lastPing = Buffer.from('the end!')

/**
 * Says it after the preface, then pings. Gives what came back up to the answer to that ping, the end of the
 * connection, or `answers` answers or resets: `GOAWAY code`, `RST_STREAM code`, `status n`, `ping`, `closed`, and
 * `silence` when nothing did within three seconds.
 */
export const react = (
  port: number,
  said: readonly Buffer[],
  {
    answers = 0,
    start = [preface, settings()],
  }: { answers?: number; start?: readonly Buffer[] } = {},
): Promise<string[]> =>
  new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1')
    const heard: string[] = []
    let bytes: Buffer = Buffer.alloc(0)
    let ended = 0
    let pinged = false
    const finish = (last?: string): void => {
      clearTimeout(timer)
      if (last !== undefined) heard.push(last)
      socket.destroy()
      resolve(heard)
    }
    const timer = setTimeout(() => finish('silence'), 3_000)
    socket.on('error', () => {})
    socket.on('close', () => finish('closed'))
    socket.on('data', (piece: Buffer) => {
      bytes = Buffer.concat([bytes, piece])
      while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
        const end = 9 + bytes.readUIntBE(0, 3)
        const one = readFrame(bytes.subarray(0, end))
        bytes = bytes.subarray(end)
        if (one.told !== undefined) heard.push(one.told)
        if (one.endsAnswer) ended += 1
        pinged ||= one.isLastPing
      }
      if (pinged && ended >= answers) finish()
    })
    socket.write(Buffer.concat([...start, ...said, frame(types.ping, 0, 0, lastPing)]))
  })

type Read = { told: string | undefined; endsAnswer: boolean; isLastPing: boolean }

const readFrame = (bytes: Buffer): Read => {
  const [type, flags] = [bytes.readUInt8(3), bytes.readUInt8(4)]
  const payload = bytes.subarray(9)
  const isLastPing = type === types.ping && payload.equals(lastPing)
  const carries = type === types.data || type === types.headers
  const endsAnswer = type === types.rstStream || (carries && (flags & endStream) !== 0)
  return { told: isLastPing ? undefined : tell(type, flags, payload), endsAnswer, isLastPing }
}

const tell = (type: number, flags: number, payload: Buffer): string | undefined => {
  if (type === types.goaway) return `GOAWAY ${errorNames[payload.readUInt32BE(4)] ?? '?'}`
  if (type === types.rstStream) return `RST_STREAM ${errorNames[payload.readUInt32BE(0)] ?? '?'}`
  if (type === types.ping && (flags & ack) !== 0) return 'ping'
  return type === types.headers ? statusOf(payload) : undefined
}

/** Of the static table, or written out behind its name's index (RFC 7541 A: 8 is `:status`). */
const statusOf = (block: Buffer): string | undefined => {
  const indexed = [200, 204, 206, 304, 400, 404, 500][(block[0] ?? 0) - 0x88]
  if (indexed !== undefined) return `status ${indexed}`
  const plain = /\d{3}/.exec(block.toString('latin1', 1, 6))?.[0]
  return plain === undefined ? 'trailers' : `status ${plain}`
}
