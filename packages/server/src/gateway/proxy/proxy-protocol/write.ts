import { isIP, isIPv6 } from 'node:net'
import { addressBytes } from '../../tls/x509/address-bytes.ts'
import type { ClientAddress } from '../client-exchange.ts'
import { signature } from './header.ts'

export type ProxyProtocol = 'v1' | 'v2'

/**
 * The header that tells a service who its client is, before anything else on the connection. Null:
 * the connection is the gateway's own, as for a health check.
 */
export const proxyHeader = (version: ProxyProtocol, client: ClientAddress | null): Buffer => {
  if (client === null || isIP(client.address) === 0 || isIP(client.localAddress) === 0) {
    return version === 'v1' ? Buffer.from('PROXY UNKNOWN\r\n') : binary(0x20, 0, Buffer.alloc(0))
  }
  const { port, localPort } = client
  const [source, target] = oneFamily(client.address, client.localAddress)
  const six = isIPv6(source)
  if (version === 'v1') {
    const protocol = six ? 'TCP6' : 'TCP4'
    return Buffer.from(`PROXY ${protocol} ${source} ${target} ${port} ${localPort}\r\n`)
  }
  const ports = Buffer.from([port >> 8, port & 0xff, localPort >> 8, localPort & 0xff])
  const addresses = Buffer.concat([addressBytes(source), addressBytes(target), ports])
  return binary(0x21, six ? 0x21 : 0x11, addresses)
}

/** What a connection to a service begins with; undefined where nobody asked for it. */
export const prefaceFor = (
  version: ProxyProtocol | null,
  client: ClientAddress | null,
): { preface?: Buffer } => (version === null ? {} : { preface: proxyHeader(version, client) })

/** A header has one family: IPv4 beside IPv6 is written as IPv6 (RFC 4291 2.5.5.2). */
const oneFamily = (source: string, target: string): [string, string] => {
  const [from, to] = [withoutZone(source), withoutZone(target)]
  if (isIPv6(from) === isIPv6(to)) return [from, to]
  return [asIPv6(from), asIPv6(to)]
}

const asIPv6 = (address: string): string => (isIPv6(address) ? address : `::ffff:${address}`)

/** A link-local address names the interface of this machine, which nobody else knows. */
const withoutZone = (address: string): string => address.replace(/%.*$/, '')

const binary = (command: number, kind: number, content: Buffer): Buffer =>
  Buffer.concat([signature, Buffer.from([command, kind, 0, content.length]), content])
