import { BlockList, isIPv6 } from 'node:net'

import type { RouteAddress } from '../../config/model.ts'
import type { ClientAddress } from '../client-exchange.ts'
import type { HeaderList } from '../header-list.ts'
import { compileSafeRegex, type SafeRegex } from './safe-regex.ts'

/** One header field that a route asks for; any of its values will do. */
export type HeaderCondition = {
  /** Lower case. */
  name: string
  /** Lower case: values are compared without case. */
  values: readonly string[]
  /** Of values that start with `~*`. */
  patterns: readonly SafeRegex[]
}

/** @throws UnsafeRegexError */
export const headerConditions = (
  headers: Readonly<Record<string, readonly string[]>>,
): HeaderCondition[] =>
  Object.entries(headers).map(([name, values]) => ({
    name: name.toLowerCase(),
    values: values.filter((value) => !value.startsWith('~*')).map((value) => value.toLowerCase()),
    // Kong makes the pattern lower case, which turns `\D` into `\d`; case is ignored here instead.
    patterns: values
      .filter((value) => value.startsWith('~*'))
      .map((value) => compileSafeRegex(value.slice(2), { anchored: 'none', ignoreCase: true })),
  }))

/** Whether one of the fields of this name has one of the values. */
export const fitsHeader = (condition: HeaderCondition, headers: HeaderList): boolean => {
  const { raw } = headers
  const { name } = condition
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const own = raw[at] ?? ''
    if (own.length !== name.length || (own !== name && own.toLowerCase() !== name)) continue
    if (fitsValue(condition, raw[at + 1] ?? '')) return true
  }
  return false
}

const fitsValue = ({ values, patterns }: HeaderCondition, value: string): boolean => {
  if (values.length > 0 && values.includes(value.toLowerCase())) return true
  for (const pattern of patterns) if (pattern.test(value)) return true
  return false
}

/** Addresses and ports that a route's requests come from or go to. */
export type AddressCondition = {
  port: number | null
  /** Null: any. */
  addresses: BlockList | null
}

export const addressConditions = (
  addresses: readonly RouteAddress[] | undefined,
): AddressCondition[] | null => {
  if (addresses === undefined || addresses.length === 0) return null
  return addresses.map(({ ip, port }) => ({ port, addresses: ip === null ? null : listOf(ip) }))
}

const listOf = (ip: string): BlockList => {
  const list = new BlockList()
  const slash = ip.indexOf('/')
  const address = slash === -1 ? ip : ip.slice(0, slash)
  const family = isIPv6(address) ? 'ipv6' : 'ipv4'
  if (slash === -1) list.addAddress(address, family)
  else list.addSubnet(address, Number(ip.slice(slash + 1)), family)
  return list
}

const fitsAddress = (
  conditions: readonly AddressCondition[],
  address: string,
  port: number,
): boolean =>
  conditions.some(
    (one) =>
      (one.port === null || one.port === port) &&
      (one.addresses === null || one.addresses.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')),
  )

export const fitsSource = (
  conditions: readonly AddressCondition[],
  client: ClientAddress | undefined,
): boolean => client !== undefined && fitsAddress(conditions, client.address, client.port)

export const fitsDestination = (
  conditions: readonly AddressCondition[],
  client: ClientAddress | undefined,
): boolean => client !== undefined && fitsAddress(conditions, client.localAddress, client.localPort)
