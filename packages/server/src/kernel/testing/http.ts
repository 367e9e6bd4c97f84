import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { anonymous, localActor, type Actor } from '../actor.ts'
import { AppError } from '../errors.ts'
import { createHttp, type Http } from '../http.ts'
import type { Log } from '../log.ts'
import { signedIn } from './actor.ts'
import { createManualClock } from './clock.ts'
import { quietLog } from './log.ts'

type Options = {
  log?: Log
  actors?: Readonly<Record<string, Actor>>
  trustedProxies?: readonly string[]
  hostNames?: readonly string[]
  prepare?: (http: Http) => void
}

/** A listening server; the header `x-actor` says who asks: nobody, session, local or one of `actors`. */
export const startTestHttp = async (options: Options = {}) => {
  const { log = quietLog, trustedProxies = [], prepare = () => undefined } = options
  const clock = createManualClock(new Date())
  const actors: Record<string, Actor> = {
    ...{ session: signedIn(), local: localActor },
    ...options.actors,
  }
  let ids = 0
  const denied: string[] = []
  const http = await createHttp({
    ...{ log, clock, trustedProxies },
    onDenied: async (actor, { reason }) => void denied.push(`${actor.name}: ${reason}`),
    newId: () => `made-${(ids += 1)}`,
    hostNames: ['localhost', '127.0.0.1', '[::1]', ...(options.hostNames ?? [])],
    publicUrl: 'https://ops.example.com',
    authenticate: async ({ headers }) => {
      const name = String(headers['x-actor'] ?? 'nobody')
      if (name === 'unreachable') throw new AppError('database_unavailable')
      return actors[name] ?? anonymous
    },
  })
  prepare(http)
  await http.listen({ host: '127.0.0.1', port: 0 })
  const { port } = http.app.server.address() as AddressInfo
  return { http, port, clock, denied, [Symbol.asyncDispose]: () => http.close() }
}

export type RawAnswer = {
  status: number
  header: (name: string) => string | undefined
  body: string
}

/** Sends these bytes over a connection of their own, and reads until its end. */
export const sendRaw = async (port: number, bytes: string, host = '127.0.0.1') => {
  const socket = connect(port, host)
  socket.write(bytes)
  return rawAnswerOf(await text(socket))
}

export const rawAnswerOf = (answer: string): RawAnswer => {
  const [head = '', body = ''] = answer.split('\r\n\r\n', 2)
  return {
    status: Number(head.split(' ')[1]),
    header: (name) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim(),
    body,
  }
}
