import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

type Pair = { request: IncomingMessage; response: ServerResponse }

/** One connection's requests, as node has parsed them. */
type Turns = {
  busy: Pair | null
  ended: boolean
  waiting: Pair[]
  /** What is said when all are answered. */
  last: (() => void) | null
}

/**
 * Node hands out pipelined requests all at once, also those behind one whose answer ends the
 * connection. Here they take turns, and after the end there are none: at most the requests of one
 * read wait, as the socket is paused meanwhile.
 */
export const createNodeTurns = (
  begin: (request: IncomingMessage, response: ServerResponse) => void,
) => {
  const all = new WeakMap<Duplex, Turns>()

  const turnsOf = (socket: Socket): Turns => {
    const known = all.get(socket)
    if (known !== undefined) return known
    const turns: Turns = { busy: null, ended: false, waiting: [], last: null }
    all.set(socket, turns)
    return turns
  }

  const start = (turns: Turns, socket: Socket, pair: Pair): void => {
    const { request, response } = pair
    turns.busy = pair
    response.once('close', () => {
      turns.busy = null
      turns.ended = !socket.writable
      const next = turns.ended ? undefined : turns.waiting.shift()
      if (next !== undefined) start(turns, socket, next)
      else if (turns.last !== null && !turns.ended) turns.last()
      else if (turns.waiting.length === 0) socket.resume()
    })
    begin(request, response)
  }

  return {
    take(request: IncomingMessage, response: ServerResponse): void {
      const { socket } = request
      const turns = turnsOf(socket)
      if (turns.ended) return void request.resume()
      if (turns.busy === null) return start(turns, socket, { request, response })
      turns.waiting.push({ request, response })
      socket.pause()
    },
    /**
     * Says `last` when all requests that came whole are answered: the one that is not, or the
     * bytes that are none, are what it is said about.
     */
    refuseRest(socket: Duplex, last: () => void): void {
      const turns = all.get(socket)
      if (turns?.waiting.at(-1)?.request.complete === false) turns.waiting.pop()
      if (turns === undefined || turns.busy?.request.complete !== true) return last()
      turns.last ??= last
      socket.pause()
    },
  }
}
