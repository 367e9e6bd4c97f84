/** One frame of the engine's multiplexed output (Engine API, "Attach to a container"). */
export type Frame = { stream: 'stdout' | 'stderr'; payload: Buffer }

const headerBytes = 8
/** The engine cuts messages at 16 KiB and adds a time; more means that this is no such stream. */
const payloadLimitBytes = 1024 * 1024

/** Cuts a stream of chunks into frames. With a terminal there are none: then lines are frames. */
export const createFrameReader = (tty: boolean): ((chunk: Buffer) => Frame[]) => {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const frames: Frame[] = []
    for (;;) {
      const next = tty ? lineFrame(bytes) : headedFrame(bytes)
      if (next === null) break
      frames.push(next.frame)
      bytes = bytes.subarray(next.length)
    }
    rest = Buffer.from(bytes)
    return frames
  }
}

type Cut = { frame: Frame; length: number } | null

const headedFrame = (bytes: Buffer): Cut => {
  if (bytes.length < headerBytes) return null
  const size = bytes.readUInt32BE(4)
  if (size > payloadLimitBytes) throw new RangeError(`a frame of ${size} bytes`)
  const length = headerBytes + size
  if (bytes.length < length) return null
  const stream = bytes[0] === 2 ? 'stderr' : 'stdout'
  return { frame: { stream, payload: bytes.subarray(headerBytes, length) }, length }
}

const lineFrame = (bytes: Buffer): Cut => {
  const end = bytes.indexOf(0x0a)
  if (end === -1 && bytes.length < payloadLimitBytes) return null
  const length = end === -1 ? bytes.length : end + 1
  return { frame: { stream: 'stdout', payload: bytes.subarray(0, length) }, length }
}
