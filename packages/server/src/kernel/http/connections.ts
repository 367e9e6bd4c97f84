import { BlockList, isIP, isIPv4, type Server, type Socket } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Of one server, whoever they are from: with the largest body of a stranger each, 256 MiB. */
export const connectionsMax = 4096
/** Of one client: some dozens of pages with their streams. */
const perClientMax = 256

/** This machine: the command line, the gateway, probes. */
export const loopbackRanges = ['127.0.0.0/8', '::1'] as const

/** Whether an address is in one of these addresses and CIDR ranges. */
export const amongst = (ranges: readonly string[]): ((address: string | undefined) => boolean) => {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', length] = range.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    if (length === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(length), family)
  }
  return (given = '') => {
    const address = given.split('%', 1)[0] ?? ''
    return isIP(address) !== 0 && list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
  }
}

type Bounds = {
  /** Ranges that only the bound of all counts for: those for whom others speak. */
  shared: readonly string[]
  perClient?: number
}

/** Closes the connections of a client who has too many of them, before a byte is read. */
export const boundConnections = (
  server: Server,
  { shared, perClient = perClientMax }: Bounds,
): void => {
  const isShared = amongst(shared)
  const open = new Map<string, number>()
  server.maxConnections = connectionsMax
  server.prependListener('connection', (socket: Socket) => {
    const { remoteAddress } = socket
    if (remoteAddress === undefined || isShared(remoteAddress)) return
    const client = clientOf(remoteAddress)
    const already = open.get(client) ?? 0
    if (already >= perClient) {
      socket.destroy()
      return
    }
    open.set(client, already + 1)
    socket.once('close', () => {
      const left = (open.get(client) ?? 1) - 1
      if (left === 0) open.delete(client)
      else open.set(client, left)
    })
  })
}

/** The address, or the /64 of IPv6: what one machine has for itself. */
const clientOf = (address: string): string => {
  const plain = address.split('%', 1)[0] ?? ''
  if (!ipaddr.isValid(plain)) return plain
  const parsed = ipaddr.process(plain)
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(':') : parsed.toString()
}
