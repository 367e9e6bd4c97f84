/** What the first bytes of a connection are; `more`: they do not say it yet. */
export type FirstBytes =
  | { kind: 'more' }
  | { kind: 'hello'; sni: string | null; alpn: readonly string[] }
  /** Something else than TLS. */
  | { kind: 'plain' }
  /** It begins like TLS, and is no ClientHello. */
  | { kind: 'malformed' }

/** Post-quantum keys make hellos of some 2 kB; more than this is nobody's. */
export const helloBytesMax = 16 * 1024
/** A hello in one-byte records is an attack on whoever reads it. */
const recordsMax = 64

const more: FirstBytes = { kind: 'more' }
const malformed: FirstBytes = { kind: 'malformed' }

/**
 * Reads a ClientHello (RFC 8446 4.1.2) without taking part in the handshake. It may come in
 * pieces, and in several records (5.1).
 */
export const readClientHello = (bytes: Buffer): FirstBytes => {
  if (bytes.length === 0) return more
  if (bytes[0] !== 22) return { kind: 'plain' }
  const fragments: Buffer[] = []
  let size = 0
  for (let at = 0; ;) {
    if (bytes.length < at + 5) return bytes.length >= helloBytesMax ? malformed : more
    const length = bytes.readUInt16BE(at + 3)
    const isRecord = bytes[at] === 22 && bytes[at + 1] === 3 && length > 0 && length <= 16_384
    if (!isRecord || fragments.length === recordsMax) return malformed
    const fragment = bytes.subarray(at + 5, at + 5 + length)
    fragments.push(fragment)
    size += fragment.length
    const message = fragments.length === 1 ? fragment : Buffer.concat(fragments)
    if (size >= 1 && message[0] !== 1) return malformed
    if (size >= 4) {
      const wanted = message.readUIntBE(1, 3)
      if (wanted > helloBytesMax) return malformed
      if (size >= wanted + 4) return readHello(message.subarray(4, wanted + 4))
    }
    if (fragment.length < length) return bytes.length >= helloBytesMax ? malformed : more
    at += 5 + length
  }
}

/** A place in a structure; past its end everything is NaN or empty, and `isOver` stays true. */
class Cursor {
  readonly bytes: Buffer
  at = 0
  isOver = false

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length
  }

  take(count: number): Buffer {
    const end = this.at + count
    if (end > this.bytes.length) {
      this.isOver = true
      return empty
    }
    const taken = this.bytes.subarray(this.at, end)
    this.at = end
    return taken
  }

  number(count: 1 | 2): number {
    const taken = this.take(count)
    return taken.length === count ? taken.readUIntBE(0, count) : 0
  }

  /** A vector with its length before it. */
  vector(lengthBytes: 1 | 2): Cursor {
    return new Cursor(this.take(this.number(lengthBytes)))
  }
}

const empty = Buffer.alloc(0)

const readHello = (body: Buffer): FirstBytes => {
  const hello = new Cursor(body)
  hello.take(2 + 32) // version, random
  hello.vector(1) // session id
  hello.vector(2) // cipher suites
  hello.vector(1) // compression
  if (hello.isOver) return malformed
  // TLS 1.2 allows a hello that ends here.
  if (hello.isAtEnd) return { kind: 'hello', sni: null, alpn: [] }
  const extensions = hello.vector(2)
  if (hello.isOver) return malformed
  let sni: string | null = null
  let alpn: readonly string[] = []
  while (!extensions.isAtEnd) {
    const type = extensions.number(2)
    const content = extensions.vector(2)
    if (extensions.isOver) return malformed
    if (type === 0) sni = readServerName(content)
    else if (type === 16) alpn = readProtocols(content)
    if (content.isOver) return malformed
  }
  return { kind: 'hello', sni, alpn }
}

/** RFC 6066 3: a list in which there is one name of a host. */
const readServerName = (content: Cursor): string | null => {
  for (const names = content.vector(2); !names.isAtEnd;) {
    const type = names.number(1)
    const name = names.vector(2)
    if (names.isOver) {
      content.isOver = true
      return null
    }
    if (type === 0) return name.bytes.toString('latin1').toLowerCase()
  }
  return null
}

/** RFC 7301 3.1 */
const readProtocols = (content: Cursor): string[] => {
  const found: string[] = []
  for (const names = content.vector(2); !names.isAtEnd;) {
    const { bytes } = names.vector(1)
    if (names.isOver) {
      content.isOver = true
      return []
    }
    found.push(bytes.toString('latin1'))
  }
  return found
}
