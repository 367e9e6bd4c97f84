// Reads a ZIP archive: as much of APPNOTE 6.3 as an .xlsx file needs.
import { inflateRawSync } from 'node:zlib'

const entriesMax = 1000
const unpackedLimitBytes = 64 * 1024 * 1024
const endOfDirectory = 0x06_05_4b_50
const directoryEntry = 0x02_01_4b_50

/** @param {Buffer} bytes @returns {(name: string) => string | undefined} the text of an entry */
export const openZip = (bytes) => {
  const entries = directoryOf(bytes)
  let left = unpackedLimitBytes
  return (name) => {
    const entry = entries.get(name)
    if (entry === undefined) return undefined
    const start =
      entry.at + 30 + bytes.readUInt16LE(entry.at + 26) + bytes.readUInt16LE(entry.at + 28)
    const packed = bytes.subarray(start, start + entry.packedBytes)
    const content =
      entry.method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: Math.max(left, 1) })
    left -= content.length
    return content.toString('utf8')
  }
}

const directoryOf = (bytes) => {
  // It stands at the end, before a comment of at most 64 KiB.
  const from = Math.max(0, bytes.length - 65_557)
  let end = bytes.length - 22
  while (end >= from && bytes.readUInt32LE(end) !== endOfDirectory) end -= 1
  if (end < from) throw new Error('not a ZIP archive: its directory is missing')
  const count = bytes.readUInt16LE(end + 10)
  if (count > entriesMax) throw new Error(`the archive has more than ${entriesMax} entries`)
  let at = bytes.readUInt32LE(end + 16)
  const entries = new Map()
  for (let index = 0; index < count; index += 1) {
    if (bytes.readUInt32LE(at) !== directoryEntry)
      throw new Error('the directory of the ZIP archive is broken')
    const nameLength = bytes.readUInt16LE(at + 28)
    const method = bytes.readUInt16LE(at + 10)
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength)
    if (method !== 0 && method !== 8)
      throw new Error(`${name} is packed in a way that is not read here`)
    entries.set(name, {
      method,
      packedBytes: bytes.readUInt32LE(at + 20),
      at: bytes.readUInt32LE(at + 42),
    })
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
  return entries
}
