import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { OutgoingError } from './outgoing-error.ts'

/**
 * Whether an address is one of the public Internet. Everything else is inside: loopback, private,
 * link-local (the metadata services of clouds are at 169.254.169.254), shared, reserved, and the
 * tunnels through which IPv6 reaches IPv4 (6to4, NAT64, Teredo).
 */
export const isPublicAddress = (address: string): boolean =>
  ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast'

/**
 * Resolves names for a connection and refuses it when the name leads inside. The check is at the
 * connection itself: a name that was public a moment ago may be loopback now (DNS rebinding).
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  const all: LookupOptions & { all: true } = { ...options, all: true }
  systemLookup(hostname, all, (error, found) => {
    if (error !== null) return callback(error, '', 0)
    const inside = found.find(({ address }) => !isPublicAddress(address))
    if (inside !== undefined) return callback(refusalOf(hostname, inside.address), '', 0)
    return answer(callback, found, options.all === true)
  })
}

const answer = (
  callback: Parameters<LookupFunction>[2],
  found: LookupAddress[],
  all: boolean,
): void => {
  const [first] = found
  if (all) callback(null, found)
  else callback(null, first?.address ?? '', first?.family ?? 0)
}

export const refusalOf = (hostname: string, address: string): OutgoingError =>
  new OutgoingError('internal_address', `${hostname} leads to ${address}, which is inside`)
