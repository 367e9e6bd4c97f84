import { deserialize, serialize } from 'node:v8'

const prefixBytes = 4

/** Length in 4 bytes (big endian), then the message as structured clone writes it. */
export const encodeFrame = (message: unknown): Buffer => {
  const body = serialize(message)
  const frame = Buffer.allocUnsafe(prefixBytes + body.length)
  frame.writeUInt32BE(body.length)
  body.copy(frame, prefixBytes)
  return frame
}

/**
 * Takes bytes in any pieces and gives messages. Keeps at most one frame. Throws RangeError for a
 * frame over the limit, and what `deserialize` throws; nothing may be read after that.
 */
export const createFrameReader = (limitBytes: number, onMessage: (message: unknown) => void) => {
  const prefix = Buffer.alloc(prefixBytes)
  let prefixed = 0
  let body: Buffer | null = null
  let filled = 0

  /** Up to the length of the frame; how many bytes were used. */
  const begin = (bytes: Buffer): number => {
    const used = bytes.copy(prefix, prefixed)
    prefixed += used
    if (prefixed < prefixBytes) return used
    const length = prefix.readUInt32BE()
    if (length > limitBytes) throw new RangeError(`a message of ${length} bytes`)
    body = Buffer.allocUnsafe(length)
    return used
  }
  const fill = (into: Buffer, bytes: Buffer): number => {
    const used = bytes.copy(into, filled)
    filled += used
    if (filled < into.length) return used
    body = null
    prefixed = 0
    filled = 0
    onMessage(deserialize(into))
    return used
  }

  return (bytes: Buffer): void => {
    for (let at = 0; at < bytes.length;) {
      const rest = bytes.subarray(at)
      at += body === null ? begin(rest) : fill(body, rest)
    }
  }
}
