import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { PluginHost } from '../plugin.ts'

export type TcpOptions = {
  host: string
  port: number
  /** To connect, and to hand over one batch, in milliseconds. */
  timeoutMs: number
  /** How long an idle connection is kept, in milliseconds. */
  keepAliveMs: number
  /** Null: without TLS. `serverName` null: the host. */
  tls: { serverName: string | null; verify: boolean } | null
  locate?: PluginHost['locate'] | undefined
}

/**
 * Bytes to a server that answers nothing. Handed over means taken by the kernel: what it has when
 * the other side dies is lost, since nothing in the protocol says what arrived.
 */
export const openTcpLines = (options: TcpOptions) => {
  const { timeoutMs, keepAliveMs } = options
  let socket: Socket | null = null

  const drop = (): void => {
    socket?.destroy()
    socket = null
  }

  const connected = async (signal: AbortSignal): Promise<Socket> => {
    if (socket !== null && socket.writable) return socket
    drop()
    const opened = dial(options)
    socket = opened
    opened.setTimeout(keepAliveMs, () => opened.destroy())
    // The other side has nothing to say; when it ends, so do we.
    opened.resume()
    opened.on('end', () => opened.destroy())
    opened.on('error', () => {})
    const ready = options.tls === null ? 'connect' : 'secureConnect'
    await within(timeoutMs, signal, opened, (done) => opened.once(ready, () => done()))
    return opened
  }

  return {
    /** Rejects when nobody takes the bytes. */
    async send(text: string, signal: AbortSignal): Promise<void> {
      try {
        const to = await connected(signal)
        await within(timeoutMs, signal, to, (done) => to.write(text, (error) => done(error)))
      } catch (error) {
        drop()
        throw error
      }
    },
    close: (): Promise<void> =>
      new Promise((resolve) => {
        if (socket === null || socket.destroyed) return resolve()
        socket.once('close', () => resolve())
        socket.destroySoon()
      }),
  }
}

const dial = ({ host, port, tls, locate }: TcpOptions): Socket => {
  const at = locate?.(host, port) ?? { host, port }
  if (tls === null) return connectPlain({ ...at, noDelay: true })
  const name = tls.serverName ?? host
  return connectTls({
    ...at,
    rejectUnauthorized: tls.verify,
    ...(isIP(name) === 0 ? { servername: name } : {}),
  })
}

const within = (
  timeoutMs: number,
  signal: AbortSignal,
  socket: Socket,
  begin: (done: (error?: Error | null) => void) => void,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => {
      clearTimeout(patience)
      signal.removeEventListener('abort', aborted)
      socket.removeListener('error', done)
      socket.removeListener('close', closed)
      if (error === undefined || error === null) resolve()
      else reject(error)
    }
    const aborted = (): void => done(new Error('the plugin has ended'))
    const closed = (): void => done(new Error('the connection was closed'))
    const patience = setTimeout(() => done(new Error(`took over ${timeoutMs} ms`)), timeoutMs)
    signal.addEventListener('abort', aborted)
    socket.once('error', done)
    socket.once('close', closed)
    begin(done)
  })
