import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ExecRequest } from '@keelson/contract'
import type { FastifyRequest } from 'fastify'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit, AuditEntry } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Http } from '../../kernel/http.ts'
import { isOwnOrigin } from '../../kernel/http/origin.ts'
import type { Log } from '../../kernel/log.ts'
import { forbidden } from '../../kernel/object-check.ts'
import { problemOf } from '../../kernel/problem.ts'
import { whileAllowed } from '../../kernel/standing.ts'
import { objectOf, type Registry, type ServiceDeclaration } from '../../registry/index.ts'
import type { PersonsCommands } from './commands.ts'
import { serveSession } from './session.ts'

type Deps = {
  http: Http
  registry: Registry
  commands: PersonsCommands
  audit: Pick<Audit, 'write'>
  clock: Clock
  log: Log
}

const sessionsMax = 20
const messageLimitBytes = 1024 * 1024
/** RFC 6455, 7.4.1 */
const policyViolation = 1008
const path = '/api/v1/services/:name/exec'

/** An upgrade on its way through the routes, by its request. */
type Upgrade = { socket: Duplex; head: Buffer }

/**
 * `GET /api/v1/services/:name/exec` as a WebSocket. An upgrade goes through the same routes, hooks
 * and permissions as every request, so whoever is refused there gets a problem and no socket.
 */
export const execSocket = ({ http, registry, commands, audit, clock, log }: Deps): void => {
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
    { config: { permission: 'services:exec', on: 'service' }, exposeHeadRoute: false },
    async (request, reply) => {
      // Without a socket too: a client that was refused asks again to be told why.
      const service = registry.getService(nameOf(request))
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
        const standing = whileAllowed({
          ...{ http, clock, request, looksOften: true },
          isAllowed: (actor) => mayRunIn(actor, registry.findService(service.id)),
          end: () => {
            socket.close(policyViolation, 'You may not run commands here any more')
            socket.terminate()
          },
        })
        socket.once('close', () => {
          standing.close()
          sessions.delete(socket)
        })
        void serveSession({
          socket,
          clock,
          begin: async (asked) => {
            const actor = http.actorOf(request)
            const present = registry.getService(service.id)
            if (!mayRunIn(actor, present)) throw forbidden('services:exec', objectOf(present))
            await audit.write(actor, entryOf(present, asked))
            return commands.begin(present, asked)
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

/** As it is declared now: with other labels it is another thing to ask for, and gone it is none. */
const mayRunIn = (actor: Actor, service: ServiceDeclaration | undefined): boolean =>
  service !== undefined && actor.may('services:exec', objectOf(service))

const wordsMax = 100
const wordMaxLength = 500

/** The words of the command as they are given; of its variables the names, for they may be secrets. */
const entryOf = ({ id }: ServiceDeclaration, asked: ExecRequest): AuditEntry => ({
  action: 'service.exec',
  object: { kind: 'service', id, name: id },
  after: {
    mode: asked.mode,
    command: asked.command.slice(0, wordsMax).map((word) => word.slice(0, wordMaxLength)),
    variables: Object.keys(asked.environment).slice(0, wordsMax),
    ...(asked.index === undefined ? {} : { index: asked.index }),
    ...(asked.user === undefined ? {} : { user: asked.user }),
  },
})

/** A browser tells a WebSocket where its page is from, and sends the cookie along all the same. */
const refuseForeignPage = (request: FastifyRequest, actor: Actor): void => {
  if (actor.origin.provenBy === 'bearer') return
  const { origin } = request.headers
  if (origin !== undefined && isOwnOrigin(request, origin)) return
  const message = `A page from ${origin ?? 'nowhere'} may not run commands`
  throw new AppError('origin_refused', { message })
}

const nameOf = ({ params }: FastifyRequest): string =>
  (params as Record<string, string>)['name'] ?? ''
