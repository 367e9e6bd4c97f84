import { once } from 'node:events'
import { createServer, type Http2Session } from 'node:http2'

import { openGateway, startOrigin } from '../../testing/gateway.ts'

/** Node as it comes: what we are held against. */
export const startBareNode = async () => {
  const sessions = new Set<Http2Session>()
  const server = createServer((request, response) => {
    request.on('error', () => {})
    response.on('error', () => {})
    request.resume().on('end', () => response.end('hello'))
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
  })
  server.on('sessionError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) session.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Our gateway before an origin that says hello. */
export const startOurs = async () => {
  const origin = await startOrigin((request, response) => {
    request.resume().on('end', () => response.end('hello'))
    request.on('error', () => {})
  })
  const gateway = await openGateway({ config: configFor(origin.port) })
  return {
    port: gateway.port,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
    },
  }
}

/** Everything goes to one origin, once. */
export const configFor = (port: number): string => `
_format_version: "3.0"
services:
- name: app
  url: http://127.0.0.1:${port}
  retries: 0
  routes:
  - paths: [/]
    strip_path: false
`
