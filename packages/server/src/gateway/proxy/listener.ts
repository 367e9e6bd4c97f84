import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'

import { AppError } from '../../kernel/errors.ts'
import { findPortHolder } from '@keelson/contract/listeners'
import type { Door } from './engine.ts'
import { limits } from './limits.ts'
import { rawProblem, type GatewayProblemCode } from './problem.ts'

export type Listener = {
  /** Binds. Throws AppError('port_taken') naming the holder where the system tells. */
  open(host: string, port: number): Promise<void>
  address(): { host: string; port: number }
  /** No new connections; idle ones are closed, busy ones after their answer. */
  stopAccepting(): void
  /** Ends what connections are left, and resolves when none is. */
  closed(): Promise<void>
}

/** An HTTP server in front of one door of the engine. */
export const createListener = (door: Door, newId: () => string): Listener => {
  const server = createServer(
    {
      maxHeaderSize: limits.requestHeadBytes,
      headersTimeout: limits.requestHeadTimeoutMs,
      connectionsCheckingInterval: 2_000,
      // A request may take as long as its body flows; the engine watches for stalls.
      requestTimeout: 0,
      keepAliveTimeout: limits.clientIdleMs,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      noDelay: true,
      optimizeEmptyRequests: true,
      // The engine refuses them itself, with a problem.
      requireHostHeader: false,
      // Other upgrades (h2c) would carry requests past the gateway's eyes.
      shouldUpgradeCallback: (request) =>
        request.method === 'GET' &&
        request.headers.upgrade?.toLowerCase() === 'websocket' &&
        request.headers['content-length'] === undefined &&
        request.headers['transfer-encoding'] === undefined,
    },
    (request, response) => door.handle(request, response),
  )
  // The size of the head is the bound; past a count node would drop headers silently.
  server.maxHeadersCount = 0
  server.maxConnections = limits.clientConnections
  server.on('upgrade', (request, socket, early) => door.handleUpgrade(request, socket, early))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(error, socket, newId))

  return {
    open: (host, port) =>
      new Promise((resolve, reject) => {
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
        server.listen({ host, port, backlog: 4096 })
      }),
    address: () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return { host: '', port: 0 }
      return { host: address.address, port: address.port }
    },
    stopAccepting: () => {
      door.beginClose()
      server.close()
    },
    closed: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        // Already closing or never opened: the callback comes either way.
        server.close(() => resolve())
      }),
  }
}

const portTaken = async (port: number, cause: Error): Promise<AppError> => {
  const holder = await findPortHolder(port)
  const pid = holder?.pid ?? null
  const by = pid === null ? 'another program' : `${holder?.command ?? 'a program'} (pid ${pid})`
  return new AppError('port_taken', { port, message: `Port ${port} is in use by ${by}` }, { cause })
}

/** Answers a request that node's parser refused, then ends the connection. */
const refuse = (error: NodeJS.ErrnoException, socket: Duplex, newId: () => string): void => {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const { code, detail } = refusals[error.code ?? ''] ?? {
    code: 'gateway_bad_request' as const,
    detail: 'The request does not follow HTTP/1.1.',
  }
  // In the middle of an answer another one would be read as part of it.
  if (isAnswering(socket)) return void socket.destroy()
  socket.end(rawProblem(code, detail, newId()))
}

const refusals: Record<string, { code: GatewayProblemCode; detail: string }> = {
  HPE_HEADER_OVERFLOW: {
    code: 'gateway_headers_too_large',
    detail: `The headers are larger than ${limits.requestHeadBytes} bytes.`,
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    code: 'gateway_bad_request',
    detail: 'The chunk extensions are too large.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'gateway_request_timeout',
    detail: 'The request did not arrive in time.',
  },
}

const isAnswering = (
  socket: Duplex & { _httpMessage?: { headersSent: boolean } | null },
): boolean => socket._httpMessage?.headersSent === true
