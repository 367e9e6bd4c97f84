/** /24 or /64: what one person usually has. */
export const networkOf = (address: string | null): string => prefixOf(address, 4)

/** /24 or /48: what one site usually has, with as many /64 as it likes. */
export const wideNetworkOf = (address: string | null): string => prefixOf(address, 3)

const prefixOf = (address: string | null, groups: number): string => {
  if (address === null) return 'unknown'
  if (!address.includes(':')) return address.slice(0, address.lastIndexOf('.'))
  const all = groupsOf(address)
  if (all.slice(0, 6).join(':') !== '0:0:0:0:0:ffff') return all.slice(0, groups).join(':')
  // An IPv4 address in other clothes.
  const [high = 0, low = 0] = all.slice(6).map((group) => Number.parseInt(group, 16))
  return [high >> 8, high & 255, low >> 8].join('.')
}

/** The eight of an IPv6 address, without leading zeros, whichever way it is written. */
const groupsOf = (address: string): string[] => {
  const [head = '', tail = ''] = inHex(address.toLowerCase()).split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === '' ? [] : tail.split(':')
  const missing = Math.max(0, 8 - before.length - after.length)
  return [...before, ...Array.from({ length: missing }, () => '0'), ...after].map((part) =>
    part.replace(/^0+(?=.)/, ''),
  )
}

/** `::ffff:192.0.2.7` is `::ffff:c000:207`. */
const inHex = (address: string): string =>
  address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number)
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
