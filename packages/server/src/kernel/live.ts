import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Permission } from '@keelson/contract'
import { can, type Actor } from './actor.ts'
import type { Clock } from './clock.ts'
import { AppError } from './errors.ts'
import type { Events, PublishedEvent } from './events.ts'
import type { Http } from './http.ts'
import type { Log } from './log.ts'
import { whileAllowed } from './standing.ts'

/** Writes one message to one client. Messages with an id are replayed after a reconnect. */
export type Send = (topic: string, data: unknown, id?: string) => void

export type Topic = {
  /** Name, or the part before ':' of a topic with an argument. */
  name: string
  permission: Permission
  /**
   * Called for every connection that asks for it; `argument` is what follows the ':'. Sends what
   * is true now, if that makes sense, and then every change until closed: of what the actor may see
   * at that time. Throws AppError.
   */
  open(argument: string, send: Send, actor: Actor): Promise<{ close(): void }> | { close(): void }
}

export type Live = {
  topic(topic: Topic): void
  /** A topic made of durable events; a reconnect with Last-Event-ID misses none of them. */
  eventTopic(topic: EventTopic): void
  close(): void
}

export type EventTopic = {
  name: string
  permission: Permission
  /** The message of an event, or undefined when it is none of this topic or not for this actor. */
  message(event: PublishedEvent, actor: Actor): unknown
}

type LiveDeps = { http: Http; events: Events; clock: Clock; log: Log; version: string }

const connectionsMax = 200
const topicsMax = 20
const heartbeatMs = 15_000
/** A client that reads slower than this lets pile up is cut; it reconnects and catches up. */
const backlogLimitBytes = 4 * 1024 * 1024
const replayMax = 1000

/** One stream of server-sent events for each browser, with all the topics it asks for. */
export const createLive = ({ http, events, clock, log, version }: LiveDeps): Live => {
  const topics = new Map<string, Topic>()
  const eventTopics = new Map<string, EventTopic>()
  const connections = new Set<{ end(): void }>()

  const wantedTopics = (request: FastifyRequest): string[] => {
    const given = (request.query as Record<string, unknown>)['topics']
    const wanted = typeof given === 'string' ? [...new Set(given.split(','))] : []
    if (wanted.length === 0 || wanted.length > topicsMax) {
      throw new AppError('bad_request', { message: `Ask for 1 to ${topicsMax} topics` })
    }
    for (const topic of wanted) {
      const permission = permissionOf(topic)
      if (can(http.actorOf(request), permission)) continue
      throw new AppError('forbidden', { message: `${topic} takes the permission ${permission}` })
    }
    return wanted
  }

  const permissionOf = (topic: string): Permission => {
    const known = topics.get(nameOf(topic)) ?? eventTopics.get(topic)
    if (known !== undefined) return known.permission
    throw new AppError('bad_request', { message: `There is no topic ${topic}` })
  }

  const serve = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const wanted = wantedTopics(request)
    if (connections.size >= connectionsMax) {
      throw new AppError('too_many_streams', { message: `${connectionsMax} live streams are open` })
    }
    const connection = openStream(reply, clock)
    connections.add(connection)
    const actor = http.actorOf(request)
    const isAllowed = (now: Actor): boolean =>
      wanted.every((topic) => can(now, permissionOf(topic)))
    const standing = whileAllowed({ http, clock, request, isAllowed, end: connection.end })
    const closers: { close(): void }[] = [standing]
    connection.onEnd(() => {
      connections.delete(connection)
      for (const closer of closers) closer.close()
    })
    try {
      const durable = wanted.flatMap((name) => eventTopics.get(name) ?? [])
      const followed = await followEvents(durable, lastEventId(request), connection.send, actor)
      closers.push(followed)
      for (const name of wanted) closers.push(await openTopic(name, connection.send, actor))
      // Without an id a browser would not know where to resume before the first event.
      const position = followed.position()
      connection.send('hello', { version, position }, position)
    } catch (error) {
      // The answer has begun: the client sees the stream end, and asks again.
      log.warn({ requestId: request.id, err: error }, 'live stream ended')
      connection.end()
    }
    if (connection.ended()) for (const closer of closers) closer.close()
  }

  /** One that cannot be had, of a service that is gone, must not take the others with it. */
  const openTopic = async (name: string, send: Send, actor: Actor): Promise<{ close(): void }> => {
    const topic = topics.get(nameOf(name))
    if (topic === undefined) return { close: () => {} }
    try {
      return await topic.open(name.slice(topic.name.length + 1), send, actor)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      send('refused', { topic: name, code: error.code, message: error.message })
      return { close: () => {} }
    }
  }

  const lastEventId = (request: FastifyRequest): string | undefined => {
    const id = request.headers['last-event-id']
    return typeof id === 'string' && /^\d{1,18}$/.test(id) ? id : undefined
  }

  /** Replays what was missed, then follows; what comes in between is kept and sent once. */
  const followEvents = async (
    wanted: readonly EventTopic[],
    after: string | undefined,
    send: Send,
    actor: Actor,
  ): Promise<{ close(): void; position(): string }> => {
    let sent = BigInt(after ?? 0)
    let skippedTo = 0n
    let held: PublishedEvent[] | null = []
    const deliver = (event: PublishedEvent): void => {
      if (BigInt(event.position) <= sent) return
      sent = BigInt(event.position)
      for (const topic of wanted) {
        const message = topic.message(event, actor)
        if (message !== undefined) send(topic.name, message, event.position)
      }
    }
    // Before anything is read: what is published meanwhile is in what is read or in what is held.
    const tail = events.tail((batch) => {
      if (held === null) batch.forEach(deliver)
      else if (held.length + batch.length <= replayMax) held.push(...batch)
      else {
        held = []
        skippedTo = BigInt(batch.at(-1)?.position ?? 0)
      }
    })
    try {
      const missed = await missedSince(after)
      if (after === undefined || missed === null) sent = BigInt(await events.latestPosition())
      const hasGap = missed === null || skippedTo > sent
      if (skippedTo > sent) sent = skippedTo
      if (!hasGap) missed.forEach(deliver)
      else if (after !== undefined) send('reset', { reason: 'the last id is too old' })
    } catch (error) {
      tail.close()
      throw error
    }
    held.forEach(deliver)
    held = null
    return { close: () => tail.close(), position: () => String(sent) }
  }

  const missedSince = async (after: string | undefined): Promise<PublishedEvent[] | null> => {
    if (after === undefined) return []
    if (BigInt(after) + 1n < BigInt(await events.oldestPosition())) return null
    // An id from before a restore lies ahead of everything there is.
    if (BigInt(after) > BigInt(await events.latestPosition())) return null
    const missed = await events.readAfter(after, { limit: replayMax })
    return missed.length === replayMax ? null : missed
  }

  http.app.get(
    '/api/v1/live',
    // No HEAD: its answer has no body that could end.
    { config: { permission: 'services:read', on: 'listed' }, exposeHeadRoute: false },
    async (request, reply) => serve(request, reply),
  )

  return {
    topic: (topic) => void topics.set(topic.name, topic),
    eventTopic: (topic) => void eventTopics.set(topic.name, topic),
    close: () => connections.forEach((connection) => connection.end()),
  }
}

const nameOf = (topic: string): string => topic.split(':')[0] ?? topic

const openStream = (reply: FastifyReply, clock: Clock) => {
  reply.hijack()
  const { raw } = reply
  const endListeners: (() => void)[] = []
  let ended = false
  raw.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders), // those of every answer
    'content-type': 'text/event-stream',
    'x-accel-buffering': 'no',
  })
  const beat = (): void => {
    heartbeat = clock.setTimer(() => {
      raw.write('event: ping\ndata: {}\n\n')
      beat()
    }, heartbeatMs)
  }
  let heartbeat = { cancel: () => {} }
  beat()
  raw.once('close', () => {
    ended = true
    heartbeat.cancel()
    for (const listener of endListeners) listener()
  })
  raw.on('error', () => raw.destroy())
  const send: Send = (topic, data, id) => {
    if (ended) return
    const place = id === undefined ? '' : `id: ${id}\n`
    raw.write(`${place}event: ${topic}\ndata: ${JSON.stringify(data)}\n\n`)
    if (raw.writableLength > backlogLimitBytes) raw.destroy()
  }
  return {
    send,
    end: (): void => void raw.end(),
    ended: (): boolean => ended,
    onEnd: (listener: () => void): void => void endListeners.push(listener),
  }
}
