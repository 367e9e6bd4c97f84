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
    const text = part.trim()
    if (text === '') continue
    client = withoutPort(text)
    if (!isTrusted(client)) break
  }
  return client
}

/** Some balancers write `192.0.2.7:1234` and `[2001:db8::7]:1234`. */
const withoutPort = (text: string): string =>
  /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
