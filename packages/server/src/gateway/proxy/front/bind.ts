import type { Server } from 'node:net'
import { findPortHolder } from '@keelson/contract/listeners'
import { AppError } from '../../../kernel/errors.ts'

/** As many may wait to be accepted; the system has a bound of its own (net.core.somaxconn). */
const backlog = 4096

/**
 * Asked before a port is bound by several workers of this process. Rejects with
 * AppError('port_taken') when somebody else has it.
 */
export type SharePort = (host: string, port: number) => Promise<void>

/**
 * Binds. With `share` other workers may bind the port as well, and the kernel spreads connections
 * over them. Throws AppError('port_taken') naming the holder where the system tells.
 */
export const bind = async (
  server: Server,
  { host, port, share }: { host: string; port: number; share?: SharePort | undefined },
): Promise<{ host: string; port: number }> => {
  await share?.(host, port)
  await new Promise<void>((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => {
      server.off('listening', onListening)
      if (cause.code !== 'EADDRINUSE') return reject(cause)
      void portTaken(port, cause).then(reject, reject)
    }
    const onListening = () => {
      server.off('error', onError)
      resolve()
    }
    server.once('error', onError)
    server.once('listening', onListening)
    server.listen({ host, port, backlog, reusePort: share !== undefined })
  })
  return addressOf(server)
}

/** Of a server that does not listen: no host, and port 0. */
export const addressOf = (server: Server): { host: string; port: number } => {
  const address = server.address()
  if (address === null || typeof address === 'string') return { host: '', port: 0 }
  return { host: address.address, port: address.port }
}

const portTaken = async (port: number, cause: Error): Promise<AppError> => {
  const holder = await findPortHolder(port)
  const pid = holder?.pid ?? null
  const by = pid === null ? 'another program' : `${holder?.command ?? 'a program'} (pid ${pid})`
  return new AppError('port_taken', { port, message: `Port ${port} is in use by ${by}` }, { cause })
}
