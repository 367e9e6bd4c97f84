import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { withoutMapping, type ToldClient } from '../front/client-address.ts'

/** What a connection begins with; `more`: its bytes do not say it yet. */
export type ProxyHeader =
  | { kind: 'more' }
  /** No header of either version. */
  | { kind: 'absent' }
  | { kind: 'malformed'; reason: string }
  /** `client` null: the proxy speaks for itself, or does not know. */
  | { kind: 'header'; length: number; client: ToldClient | null }

const more: ProxyHeader = { kind: 'more' }
const absent: ProxyHeader = { kind: 'absent' }
const malformed = (reason: string): ProxyHeader => ({ kind: 'malformed', reason })

const text = Buffer.from('PROXY ')
/** With its line end. */
const textBytesMax = 107
export const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const fixedBytes = signature.length + 4
/** Addresses take 216 bytes at most; what else a proxy may say of a client fits well. */
export const proxyHeaderBytesMax = 4096

/**
 * Reads a header of the PROXY protocol, version 1 or 2
 * (haproxy.org/download/3.0/doc/proxy-protocol.txt). What follows it is not looked at.
 */
export const readProxyHeader = (bytes: Buffer): ProxyHeader => {
  if (begins(bytes, text)) return bytes.length < text.length ? more : readText(bytes)
  if (begins(bytes, signature)) return bytes.length < fixedBytes ? more : readBinary(bytes)
  return absent
}

const begins = (bytes: Buffer, what: Buffer): boolean => {
  const length = Math.min(bytes.length, what.length)
  return bytes.compare(what, 0, length, 0, length) === 0
}

const readText = (bytes: Buffer): ProxyHeader => {
  const end = bytes.subarray(0, textBytesMax).indexOf('\r\n')
  if (end === -1) return bytes.length < textBytesMax ? more : malformed('its line has no end')
  const [protocol = '', source = '', target = '', ...ports] = bytes
    .toString('latin1', text.length, end)
    .split(' ')
  const length = end + 2
  if (protocol === 'UNKNOWN') return { kind: 'header', length, client: null }
  // Node takes a zone for part of an address, and that is this machine's own affair.
  const isAddress =
    protocol === 'TCP4' ? isIPv4 : (one: string) => isIPv6(one) && !one.includes('%')
  if (protocol !== 'TCP4' && protocol !== 'TCP6') return malformed('its protocol is not TCP')
  const [port = '', targetPort = ''] = ports
  const arePorts = ports.length === 2 && isPort(port) && isPort(targetPort)
  if (!arePorts || !isAddress(source) || !isAddress(target)) return malformed('its addresses')
  return { kind: 'header', length, client: { address: plainAddress(source), port: Number(port) } }
}

const isPort = (written: string): boolean =>
  /^(?:0|[1-9]\d{0,4})$/.test(written) && Number(written) <= 65_535

/** Bytes of the addresses, by the byte that says their kind: TCP over IPv4 and over IPv6. */
const addressBytes: Readonly<Record<number, number>> = { 0x11: 12, 0x21: 36 }

const readBinary = (bytes: Buffer): ProxyHeader => {
  const command = bytes[signature.length]
  const kind = bytes[signature.length + 1] ?? 0
  const length = fixedBytes + bytes.readUInt16BE(signature.length + 2)
  if (command !== 0x20 && command !== 0x21) return malformed('its version or command')
  if (length > proxyHeaderBytesMax) return malformed(`it is of ${length} bytes`)
  if (bytes.length < length) return more
  // Its own connection; and families that are no TCP tell nobody who can be spoken to.
  const size = addressBytes[kind]
  if (command === 0x20 || size === undefined) return { kind: 'header', length, client: null }
  const content = bytes.subarray(fixedBytes, length)
  if (content.length < size || !areFields(content.subarray(size))) return malformed('its length')
  const one = (size - 4) / 2
  const address = addressOf(content.subarray(0, one))
  return { kind: 'header', length, client: { address, port: content.readUInt16BE(2 * one) } }
}

/** Fields behind the addresses: a type, a length, and so many bytes. None of them is used. */
const areFields = (bytes: Buffer): boolean => {
  let at = 0
  while (at + 3 <= bytes.length) at += 3 + bytes.readUInt16BE(at + 1)
  return at === bytes.length
}

const addressOf = (bytes: Buffer): string =>
  bytes.length === 4
    ? bytes.join('.')
    : plainAddress((bytes.toString('hex').match(/.{4}/g) ?? []).join(':'))

/** As sockets write it, so that lists and limits know it again. */
const plainAddress = (address: string): string =>
  isIPv4(address) ? address : withoutMapping(new SocketAddress({ address, family: 'ipv6' }).address)
