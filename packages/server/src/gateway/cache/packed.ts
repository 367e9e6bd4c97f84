import { createHash } from 'node:crypto'
import type { StoredResponse } from './stored-response.ts'

/**
 * A stored answer as bytes, for the disk and for Redis: a line of plain text, the head as JSON,
 * the body. The line has the lengths and a digest of both, so that a file that was cut, or that
 * bits rotted in, is known for what it is.
 */
export const pack = (stored: StoredResponse): Buffer => {
  const { body, ...head } = stored
  const json = Buffer.from(
    JSON.stringify(head, (_, value: unknown) => (value === Infinity ? 'Infinity' : value)),
  )
  const line = `${mark} ${json.length} ${body.length} ${digest(json, body)}\n`
  return Buffer.concat([Buffer.from(line, 'latin1'), json, body])
}

/** Undefined for anything that is not exactly what `pack` made. */
export const unpack = (bytes: Buffer): StoredResponse | undefined => {
  const packed = readPackedHead(bytes)
  if (packed === undefined || bytes.length !== packed.totalLength) return undefined
  const json = bytes.subarray(packed.bodyStart - packed.jsonLength, packed.bodyStart)
  const body = bytes.subarray(packed.bodyStart)
  return digest(json, body) === packed.digest ? { ...packed.head, body } : undefined
}

type PackedHead = {
  head: Omit<StoredResponse, 'body'>
  jsonLength: number
  bodyStart: number
  totalLength: number
  digest: string
}

/** From the first bytes; undefined when they are too few or not ours. The body is not looked at. */
export const readPackedHead = (start: Buffer): PackedHead | undefined => {
  const lineEnd = start.subarray(0, maxLine).indexOf(0x0a)
  if (lineEnd === -1) return undefined
  const read = linePattern.exec(start.toString('latin1', 0, lineEnd))
  if (read === null) return undefined
  const [, jsonText, bodyText, digest = ''] = read
  const jsonLength = Number(jsonText)
  const bodyStart = lineEnd + 1 + jsonLength
  if (start.length < bodyStart) return undefined
  const head = parseHead(start.toString('utf8', lineEnd + 1, bodyStart))
  if (head === undefined) return undefined
  return { head, jsonLength, bodyStart, totalLength: bodyStart + Number(bodyText), digest }
}

/** Changes with the form of what is stored: files of another form are dropped. */
const mark = 'keelson-cache-1'
const maxLine = 128
const linePattern = /^keelson-cache-1 (\d{1,9}) (\d{1,12}) ([0-9a-f]{32})$/

const digest = (json: Buffer, body: Buffer): string =>
  createHash('sha256').update(json).update(body).digest('hex').slice(0, 32)

const parseHead = (json: string): Omit<StoredResponse, 'body'> | undefined => {
  try {
    return JSON.parse(json, (_, value: unknown) =>
      value === 'Infinity' ? Infinity : value,
    ) as Omit<StoredResponse, 'body'>
  } catch {
    return undefined
  }
}
