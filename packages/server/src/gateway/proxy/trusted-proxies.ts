import { BlockList, isIPv6 } from 'node:net'

/**
 * Whether the peer of this address is one of ours. Throws on what is no address and no CIDR range.
 */
export const trustOf = (ranges: readonly string[]): ((address: string) => boolean) => {
  if (ranges.length === 0) return () => false
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/**
 * The client behind trusted peers: the last address of X-Forwarded-For that is not one of them
 * itself. Whatever stands before it, anybody can have written.
 */
export const clientBehind = (
  forwardedFor: string,
  peer: string,
  isTrusted: (address: string) => boolean,
): string => {
  let client = peer
  for (const part of forwardedFor.split(',').toReversed()) {
    const address = part.trim()
    if (address === '') continue
    client = address
    if (!isTrusted(address)) break
  }
  return client
}
