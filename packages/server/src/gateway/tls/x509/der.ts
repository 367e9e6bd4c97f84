/**
 * The part of DER (ITU-T X.690) that certificates and their requests are made of. Node reads
 * certificates (X509Certificate) and cannot make any.
 */

const element = (tag: number, ...content: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(content)
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body])
}

/** Short form below 128, else the number of length bytes and these (8.1.3). */
const lengthOf = (length: number): Buffer => {
  if (length < 0x80) return Buffer.from([length])
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.from([0x80 | bytes.length, ...bytes])
}

export const sequence = (...content: readonly Buffer[]): Buffer => element(0x30, ...content)

/** Elements of a SET OF are sorted by their encoding (11.6). */
export const set = (...content: readonly Buffer[]): Buffer =>
  element(0x31, ...content.toSorted((a, b) => a.compare(b)))

/** A number that is not negative, big-endian, with as few bytes as it takes (8.3). */
export const integer = (value: number | Buffer): Buffer => {
  const given = typeof value === 'number' ? Buffer.from(hexOf(value), 'hex') : value
  const first = given.findIndex((byte) => byte !== 0)
  const digits = first === -1 ? Buffer.from([0]) : given.subarray(first)
  const isNegative = ((digits[0] ?? 0) & 0x80) !== 0
  return element(0x02, ...(isNegative ? [Buffer.from([0])] : []), digits)
}

const hexOf = (value: number): string => {
  const hex = value.toString(16)
  return hex.length % 2 === 0 ? hex : `0${hex}`
}

export const boolean = (value: boolean): Buffer => element(0x01, Buffer.from([value ? 0xff : 0]))

export const octetString = (content: Buffer): Buffer => element(0x04, content)

/** Whole bytes: no bit is unused. */
export const bitString = (content: Buffer): Buffer => element(0x03, Buffer.from([0]), content)

/** Named bits from the first on; trailing zeros are left out (11.2.2). */
export const namedBits = (...bits: readonly number[]): Buffer => {
  const last = Math.max(...bits)
  const bytes = Buffer.alloc(Math.floor(last / 8) + 1)
  for (const bit of bits) {
    const at = Math.floor(bit / 8)
    bytes[at] = (bytes[at] ?? 0) | (0x80 >> (bit % 8))
  }
  return element(0x03, Buffer.from([7 - (last % 8)]), bytes)
}

export const utf8String = (text: string): Buffer => element(0x0c, Buffer.from(text, 'utf8'))

/** `1.2.840.10045.4.3.2`: the first two arcs in one byte, the others in base 128 (8.19). */
export const objectIdentifier = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

const base128 = (arc: number): number[] => {
  const bytes = [arc % 128]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.unshift(0x80 | (rest % 128))
  }
  return bytes
}

/** UTCTime up to 2049, GeneralizedTime from then on (RFC 5280 4.1.2.5). */
export const time = (at: Date): Buffer => {
  const digits = at.toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return at.getUTCFullYear() < 2050
    ? element(0x17, Buffer.from(digits.slice(2), 'latin1'))
    : element(0x18, Buffer.from(digits, 'latin1'))
}

/** A context-specific tag around whole elements. */
export const explicit = (number: number, ...content: readonly Buffer[]): Buffer =>
  element(0xa0 | number, ...content)

/** A context-specific tag in the place of the element's own. */
export const implicit = (number: number, content: Buffer): Buffer => element(0x80 | number, content)
