import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { createTestAuthority } from '../../proxy/balance/testing-tls.ts'

/** What a collector got. */
export type Received = { method: string; url: string; headers: IncomingHttpHeaders; body: string }

/** A server for logs or traces on the loopback; `answer` says with which status it takes them. */
export const startCollector = async (
  answer: (received: Received) => number | Promise<number> = () => 200,
  { port = 0, secure = false } = {},
) => {
  const received: Received[] = []
  let tell = (): void => {}
  const listener: RequestListener = (request, response) => {
    const take = async (): Promise<void> => {
      const body = (await buffer(request)).toString('utf8')
      const { method = '', url = '', headers } = request
      const one = { method, url, headers, body }
      const status = await answer(one)
      if (status < 300) received.push(one)
      response.writeHead(status).end()
      tell()
    }
    take().catch(() => response.destroy())
  }
  const server = secure
    ? createSecureServer(createTestAuthority().leaf('127.0.0.1'), listener)
    : createServer(listener)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const bound = (server.address() as AddressInfo).port
  return {
    received,
    port: bound,
    url: `${secure ? 'https' : 'http'}://127.0.0.1:${bound}`,
    /** Waits until so many requests were taken. */
    async until(count: number): Promise<Received[]> {
      while (received.length < count) {
        await new Promise<void>((resolve) => {
          tell = resolve
        })
      }
      return received
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export type TestCollector = Awaited<ReturnType<typeof startCollector>>
