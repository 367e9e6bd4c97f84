/**
 * The backup file:
 *
 *   "KEELSON BACKUP 1\n"
 *   one Zstandard stream (RFC 8878) of frames: kind (1 byte), length (4 bytes, big endian), payload
 *     H head (JSON), then per table  T table (JSON), D rows …, E counts and sha256 (JSON),
 *     then F foot (JSON)
 *   "KEELSON END\n" and the sha256 of every byte before it
 *
 * A file without its end was cut off; one whose hash differs was changed.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Transform, type TransformCallback } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createZstdDecompress } from 'node:zlib'
import { AppError, messageOf } from '../errors.ts'

export const magic = Buffer.from('KEELSON BACKUP 1\n')
export const endMagic = Buffer.from('KEELSON END\n')
const hashBytes = 32
const trailerBytes = endMagic.length + hashBytes

export type FrameKind = 'H' | 'T' | 'D' | 'E' | 'F'
export type Frame = { readonly kind: FrameKind; readonly payload: Buffer }

/** Rows come in pieces as large as the socket gives them; descriptions of 100,000 columns fit. */
const FRAME_LIMIT_BYTES = 16 * 1024 * 1024
const headerBytes = 5

export const encodeFrame = (kind: FrameKind, payload: Buffer): Buffer => {
  const header = Buffer.alloc(headerBytes)
  header.write(kind, 'latin1')
  header.writeUInt32BE(payload.length, 1)
  return Buffer.concat([header, payload])
}

export const encodeJson = (kind: FrameKind, value: unknown): Buffer =>
  encodeFrame(kind, Buffer.from(JSON.stringify(value)))

export const invalid = (file: string, reason: string, cause?: unknown): AppError => {
  const message = `${file} is not a whole backup: ${reason}`
  return new AppError('backup_invalid', { message, file, reason }, { cause })
}

/** A gate that lets bytes through and hashes them. */
const createHashGate = (): { gate: Transform; digest: () => Buffer } => {
  const hash = createHash('sha256')
  const gate = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  return { gate, digest: () => hash.digest() }
}

/**
 * Checks the end of the file and reads its frames one by one, holding one in memory. The hash of
 * the whole file is checked when the last frame was taken; until then nothing read is certain.
 * Throws `backup_invalid` { file, reason }.
 */
export const readFrames = async function* (file: string): AsyncGenerator<Frame> {
  const { bodyEnd, expected } = await readTrailer(file)
  const { gate, digest } = createHashGate()
  const frames = new FrameParser()
  // The gate sees the magic as well, so it is cut off behind it.
  const reading = pipeline(
    createReadStream(file, { end: bodyEnd - 1, highWaterMark: 256 * 1024 }),
    gate,
    dropFirst(magic.length),
    createZstdDecompress(),
    frames,
  )
  reading.catch(() => undefined) // it also destroys `frames`, whose reader below gets the error
  try {
    for await (const frame of frames) yield frame as Frame
    await reading
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw invalid(file, messageOf(cause), cause)
  } finally {
    frames.destroy()
  }
  if (!digest().equals(expected)) throw invalid(file, 'its checksum differs')
}

const readTrailer = async (file: string): Promise<{ bodyEnd: number; expected: Buffer }> => {
  let handle
  try {
    handle = await open(file)
  } catch (cause) {
    throw invalid(file, messageOf(cause), cause)
  }
  try {
    const { size } = await handle.stat()
    const bodyEnd = size - trailerBytes
    if (bodyEnd <= magic.length) throw invalid(file, 'it is too short')
    const start = await handle.read(Buffer.alloc(magic.length), 0, magic.length, 0)
    if (!start.buffer.equals(magic)) throw invalid(file, 'it does not start like one')
    const trailer = (await handle.read(Buffer.alloc(trailerBytes), 0, trailerBytes, bodyEnd)).buffer
    if (!trailer.subarray(0, endMagic.length).equals(endMagic)) {
      throw invalid(file, 'its end is missing')
    }
    return { bodyEnd, expected: trailer.subarray(endMagic.length) }
  } catch (cause) {
    throw cause instanceof AppError ? cause : invalid(file, messageOf(cause), cause) // a folder
  } finally {
    await handle.close()
  }
}

const dropFirst = (count: number): Transform => {
  let left = count
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      const rest = chunk.subarray(Math.min(left, chunk.length))
      left -= chunk.length - rest.length
      if (rest.length === 0) done()
      else done(null, rest)
    },
  })
}

/** Bytes in, frames out. Ends with an error in the middle of a frame. */
class FrameParser extends Transform {
  #pending: Buffer[] = []
  #pendingBytes = 0

  constructor() {
    super({ readableObjectMode: true, readableHighWaterMark: 4 })
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    try {
      for (let frame = this.#take(); frame !== undefined; frame = this.#take()) this.push(frame)
      done()
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
  }

  override _flush(done: TransformCallback): void {
    done(this.#pendingBytes === 0 ? null : new Error('it ends in the middle of a frame'))
  }

  #take(): Frame | undefined {
    if (this.#pendingBytes < headerBytes) return undefined
    // Joined only when the header is split or the frame is whole: linear in the bytes.
    if (this.#pending[0]!.length < headerBytes) this.#join()
    const length = this.#pending[0]!.readUInt32BE(1)
    if (length > FRAME_LIMIT_BYTES) throw new Error('a frame is larger than any is written')
    if (this.#pendingBytes < headerBytes + length) return undefined
    if (this.#pending[0]!.length < headerBytes + length) this.#join()
    const first = this.#pending[0]!
    const kind = first.toString('latin1', 0, 1)
    if (!isFrameKind(kind)) throw new Error('a frame is of no known kind')
    const rest = first.subarray(headerBytes + length)
    if (rest.length === 0) this.#pending.shift()
    else this.#pending[0] = rest
    this.#pendingBytes -= headerBytes + length
    return { kind, payload: first.subarray(headerBytes, headerBytes + length) }
  }

  #join(): void {
    this.#pending = [Buffer.concat(this.#pending)]
  }
}

const isFrameKind = (kind: string): kind is FrameKind => 'HTDEF'.includes(kind)
