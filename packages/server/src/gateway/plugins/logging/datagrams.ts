import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import type { PluginHost } from '../plugin.ts'

/** Largest payload of UDP over IPv4: 65,535 less both heads. */
const maxDatagram = 65_507
/** For which an address is good, in milliseconds: a name must not be looked up for each entry. */
const addressMs = 10_000

/** Sends datagrams, of which nobody knows whether they arrive. A larger one is cut. */
export const openDatagrams = (
  host: string,
  port: number,
  { clock, locate }: Pick<PluginHost, 'clock' | 'locate'>,
) => {
  const nowMs = () => clock.monotonicMs()
  let found: { address: string; family: number; port: number; atMs: number } | null = null
  const sockets = new Map<number, Socket>()

  const resolved = async () => {
    if (found !== null && nowMs() - found.atMs < addressMs) return found
    const at = locate?.(host, port) ?? { host, port }
    const { address, family } = await lookup(at.host)
    found = { address, family, port: at.port, atMs: nowMs() }
    return found
  }

  const socketOf = (family: number): Socket => {
    const known = sockets.get(family)
    if (known !== undefined) return known
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
    socket.on('error', () => {})
    socket.unref()
    sockets.set(family, socket)
    return socket
  }

  return {
    /** Rejects when it cannot even be sent. */
    async send(text: string): Promise<void> {
      const to = await resolved()
      const bytes = Buffer.from(text)
      await new Promise<void>((resolve, reject) => {
        socketOf(to.family).send(bytes.subarray(0, maxDatagram), to.port, to.address, (error) =>
          error === null ? resolve() : reject(error),
        )
      })
    },
    close: (): void => {
      for (const socket of sockets.values()) socket.close()
      sockets.clear()
    },
  }
}
