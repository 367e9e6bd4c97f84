import ipaddr from 'ipaddr.js'
import { addressRangeProblem } from '../../kernel/address-range.ts'
import { AppError } from '../../kernel/errors.ts'

/** An address and how many of its bits count. */
export type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number]

/** An IPv4 range stays one when it is written as `::ffff:10.0.0.0/104`. */
export const readNetwork = (text: string): Network => {
  const [address = '', length] = text.split('/')
  const given = ipaddr.parse(address)
  const bits = length === undefined ? given.toByteArray().length * 8 : Number(length)
  if (given instanceof ipaddr.IPv6 && given.isIPv4MappedAddress() && bits >= 96) {
    return [given.toIPv4Address(), bits - 96]
  }
  return [given, bits]
}

/** As they are kept: trimmed, each once. Throws AppError `bad_request`. */
export const checkedNetworks = (given: readonly string[]): string[] => {
  const networks = [...new Set(given.map((text) => text.trim()))]
  for (const text of networks) {
    const problem = addressRangeProblem(text)
    if (problem !== null) throw new AppError('bad_request', { message: `${text} ${problem}` })
  }
  return networks
}

const covers = ([wide, bits]: Network, [address, addressBits]: Network): boolean => {
  if (bits > addressBits) return false
  // The library answers for two of a kind only.
  if (wide instanceof ipaddr.IPv4)
    return address instanceof ipaddr.IPv4 && address.match(wide, bits)
  return address instanceof ipaddr.IPv6 && address.match(wide, bits)
}

/** Whether all of it lies in one of them. None at all: everywhere. */
export const isWithin = (networks: readonly Network[], network: Network): boolean =>
  networks.length === 0 || networks.some((wide) => covers(wide, network))

/** `::ffff:192.0.2.1` is 192.0.2.1; an address that is not known is nowhere but everywhere. */
export const mayComeFrom = (networks: readonly Network[], address: string | null): boolean => {
  if (networks.length === 0) return true
  return address !== null && ipaddr.isValid(address) && isWithin(networks, readNetwork(address))
}
