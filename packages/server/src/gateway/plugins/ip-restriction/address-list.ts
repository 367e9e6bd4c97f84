import { BlockList, isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** What an entry of a list is. */
export type AddressEntry =
  | { kind: 'address'; address: string; family: Family }
  | { kind: 'range'; address: string; prefix: number; family: Family }
  | { kind: 'host'; name: string }

type Family = 'ipv4' | 'ipv6'

/** Reads an address, a CIDR range or a host name; null when it is none of them. */
export const readEntry = (text: string): AddressEntry | null => {
  const slash = text.indexOf('/')
  const address = slash === -1 ? text : text.slice(0, slash)
  const version = isIP(address)
  if (version === 0) return slash === -1 && isHostName(text) ? { kind: 'host', name: text } : null
  const family = version === 4 ? 'ipv4' : 'ipv6'
  if (slash === -1) return { kind: 'address', address, family }
  const digits = text.slice(slash + 1)
  const prefix = /^\d{1,3}$/.test(digits) ? Number(digits) : Number.NaN
  return prefix <= (version === 4 ? 32 : 128) ? { kind: 'range', address, prefix, family } : null
}

/** Letters, digits and dashes in labels; not only digits and dots, which is a broken address. */
const isHostName = (text: string): boolean =>
  text.length <= 253 &&
  /[A-Za-z]/.test(text) &&
  text.split('.').every((label) => /^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)$/.test(label))

/** Addresses and ranges in a form that is quick to ask. */
export const compileEntries = (entries: readonly AddressEntry[]): BlockList => {
  const list = new BlockList()
  for (const entry of entries) {
    if (entry.kind === 'address') list.addAddress(entry.address, entry.family)
    if (entry.kind === 'range') list.addSubnet(entry.address, entry.prefix, entry.family)
  }
  return list
}

/** An IPv4 address stays one when it comes as `::ffff:192.0.2.1`. */
export const normalAddress = (address: string): string =>
  address.includes(':') && ipaddr.isValid(address) ? ipaddr.process(address).toString() : address

export const isListed = (list: BlockList, address: string): boolean =>
  list.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
