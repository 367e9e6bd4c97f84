import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Actor } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Http } from '../../kernel/http.ts'
import type { Log } from '../../kernel/log.ts'
import { problemOf } from '../../kernel/problem.ts'
import type { Registry } from '../../registry/index.ts'
import type { PersonsCommands } from './commands.ts'
import { serveSession } from './session.ts'

type Deps = {
  http: Http
  registry: Registry
  commands: PersonsCommands
  clock: Clock
  log: Log
}

const sessionsMax = 20
const messageLimitBytes = 1024 * 1024
const path = '/api/v1/services/:name/exec'

/** An upgrade on its way through the routes, by its request. */
type Upgrade = { socket: Duplex; head: Buffer }

/**
 * `GET /api/v1/services/:name/exec` as a WebSocket. An upgrade goes through the same routes, hooks
 * and permissions as every request, so whoever is refused there gets a problem and no socket.
 */
export const execSocket = ({ http, registry, commands, clock, log }: Deps): void => {
  const upgrades = new WeakMap<IncomingMessage, Upgrade>()
  const sessions = new Set<WebSocket>()
  const server = new WebSocketServer({ noServer: true, maxPayload: messageLimitBytes })

  http.app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const response = new ServerResponse(request)
    response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0])
    // Nothing else is ever read from a connection that asked for another protocol.
    response.once('finish', () => socket.end())
    socket.on('error', () => socket.destroy())
    upgrades.set(request, { socket, head })
    http.app.routing(request, response)
  })

  http.app.get(
    path,
    { config: { permission: 'services:exec' }, exposeHeadRoute: false },
    async (request, reply) => {
      // Without a socket too: a client that was refused asks again to be told why.
      const service = registry.getService(nameOf(request), stackOf(request))
      if (sessions.size >= sessionsMax) {
        const message = `${sessionsMax} commands of people run already`
        throw new AppError('too_many_streams', { message })
      }
      const upgrade = upgrades.get(request.raw)
      if (upgrade === undefined) {
        throw new AppError('bad_request', { message: 'This address takes a WebSocket' })
      }
      refuseForeignPage(request, http.actorOf(request))
      const about = { instance: request.url.split('?')[0] ?? '', id: request.id }
      reply.hijack()
      reply.raw.detachSocket(upgrade.socket as Parameters<ServerResponse['detachSocket']>[0])
      server.handleUpgrade(request.raw, upgrade.socket, upgrade.head, (socket) => {
        sessions.add(socket)
        socket.once('close', () => sessions.delete(socket))
        void serveSession({
          socket,
          clock,
          begin: async (asked) => {
            const command = await commands.begin(service, asked)
            const { mode } = asked
            const actor = http.actorOf(request).name
            log.info({ service: service.id, instance: command.instance, mode, actor }, 'command')
            return command
          },
          problemOf: (error) => {
            const problem = problemOf(error, about)
            if (problem.status >= 500) log.error({ ...about, err: error }, 'command failed')
            return problem
          },
        })
      })
    },
  )
  http.app.addHook('preClose', async () => {
    for (const socket of sessions) socket.close(1001)
    for (const socket of sessions) socket.terminate()
  })
}

/** A browser tells a WebSocket where its page is from, and sends the cookie along all the same. */
const refuseForeignPage = ({ headers }: FastifyRequest, actor: Actor): void => {
  if (actor.kind === 'local') return
  const { origin, host } = headers
  if (origin === `http://${host}` || origin === `https://${host}`) return
  const message = `A page from ${origin ?? 'nowhere'} may not run commands`
  throw new AppError('origin_refused', { message })
}

const nameOf = ({ params }: FastifyRequest): string =>
  (params as Record<string, string>)['name'] ?? ''

const stackOf = ({ query }: FastifyRequest): string | undefined => {
  const { stack } = query as Record<string, unknown>
  return typeof stack === 'string' ? stack : undefined
}
