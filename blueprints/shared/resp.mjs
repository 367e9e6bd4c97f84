// RESP2, the protocol of Redis: https://redis.io/docs/latest/develop/reference/protocol-spec/

const lineEnd = '\r\n'
const replyLimitBytes = 16 * 1024 * 1024

/** An error that Redis answered with, in its own words. */
export class RedisRefusal extends Error {}

/**
 * A command as an array of bulk strings. Numbers are written as text, buffers as they are.
 * @param {readonly (string | number | Uint8Array)[]} words
 * @returns {Buffer}
 */
export const encodeCommand = (words) => {
  const parts = [Buffer.from(`*${words.length}${lineEnd}`)]
  for (const word of words) {
    const bytes = Buffer.from(word instanceof Uint8Array ? word : String(word))
    parts.push(Buffer.from(`$${bytes.length}${lineEnd}`), bytes, Buffer.from(lineEnd))
  }
  return Buffer.concat(parts)
}

/**
 * Reads replies out of the chunks of a connection, in order. Bulk strings become text, integers
 * numbers, absent values `null`, errors a `RedisRefusal` (as a value: one of many may fail).
 *
 * @param {(reply: unknown) => void} onReply
 * @returns {(chunk: Buffer) => void} throws when what comes is not RESP2 or longer than 16 MiB
 */
export const createReplyReader = (onReply) => {
  let kept = Buffer.alloc(0)
  return (chunk) => {
    kept = kept.length === 0 ? chunk : Buffer.concat([kept, chunk])
    let start = 0
    for (;;) {
      const read = readReply(kept, start)
      if (read === undefined) break
      start = read.end
      onReply(read.value)
    }
    kept = kept.subarray(start)
    if (kept.length > replyLimitBytes) throw new Error(`a reply above ${replyLimitBytes} bytes`)
  }
}

/** The reply that begins at `start`; undefined while its end has not come. */
const readReply = (buffer, start) => {
  const lineStop = buffer.indexOf(lineEnd, start, 'latin1')
  if (lineStop === -1) return undefined
  const line = buffer.toString('utf8', start + 1, lineStop)
  const end = lineStop + lineEnd.length
  switch (String.fromCodePoint(buffer[start])) {
    case '+': {
      return { value: line, end }
    }
    case '-': {
      return { value: new RedisRefusal(line), end }
    }
    case ':': {
      return { value: Number(line), end }
    }
    case '$': {
      return readBulk(buffer, end, Number(line))
    }
    case '*': {
      return readArray(buffer, end, Number(line))
    }
    default: {
      throw new Error(`not RESP2: ${buffer.toString('latin1', start, start + 20)}`)
    }
  }
}

const readBulk = (buffer, start, length) => {
  if (length === -1) return { value: null, end: start }
  const stop = start + length
  if (buffer.length < stop + lineEnd.length) return undefined
  return { value: buffer.toString('utf8', start, stop), end: stop + lineEnd.length }
}

const readArray = (buffer, start, length) => {
  if (length === -1) return { value: null, end: start }
  const value = []
  let end = start
  for (let index = 0; index < length; index += 1) {
    const item = readReply(buffer, end)
    if (item === undefined) return undefined
    value.push(item.value)
    end = item.end
  }
  return { value, end }
}
