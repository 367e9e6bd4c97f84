import { connect, type Socket } from 'node:net'

import { systemClock } from '../../../kernel/clock.ts'
import type { ClientExchange } from '../client-exchange.ts'
import type { FrontBounds } from './bounds.ts'
import { createListener, type ListenerOptions } from './listener.ts'

/** A listener on a free port with a door of the test, and raw clients for it. */
export const openFront = async (
  door: (exchange: ClientExchange) => void,
  more: Partial<ListenerOptions> & { bounds?: Partial<FrontBounds> } = {},
) => {
  const warnings: string[] = []
  const refused: number[] = []
  const listener = createListener({
    engineDoor: door,
    newId: () => 'id-1',
    clock: systemClock,
    warn: (_facts, message) => void warnings.push(message),
    onRefused: (status) => void refused.push(status),
    ...more,
  })
  await listener.open('127.0.0.1', 0)
  const { port } = listener.address()
  return {
    listener,
    port,
    url: `http://127.0.0.1:${port}`,
    warnings,
    refused,
    [Symbol.asyncDispose]: async () => {
      listener.stopAccepting()
      await listener.closed()
    },
  }
}

/** A client that speaks raw bytes and notes what it hears, as latin1. */
export const rawClient = (
  port: number,
  allowHalfOpen = false,
  socket: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen, noDelay: true }),
) => {
  let heard = ''
  const waiting: { condition: () => boolean; resolve: () => void }[] = []
  let ended = false
  let closed = false
  const check = () => {
    for (const entry of waiting.splice(0)) {
      if (entry.condition()) entry.resolve()
      else waiting.push(entry)
    }
  }
  socket.on('data', (bytes: Buffer) => {
    heard += bytes.toString('latin1')
    check()
  })
  socket.on('end', () => {
    ended = true
    check()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
    check()
  })
  const until = (condition: () => boolean, what: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const failAfter = setTimeout(() => {
        socket.destroy()
        reject(
          new Error(`waited in vain for ${what}; heard ${JSON.stringify(heard.slice(0, 2000))}`),
        )
      }, 10_000)
      const settle = () => {
        clearTimeout(failAfter)
        resolve()
      }
      if (condition()) settle()
      else waiting.push({ condition, resolve: settle })
    })
  return {
    socket,
    heard: () => heard,
    send: (text: string) => void socket.write(text, 'latin1'),
    /** Resolves with all that was heard, once it matches; rejects when it cannot any more. */
    hears: async (pattern: RegExp): Promise<string> => {
      await until(() => pattern.test(heard) || ended || closed, String(pattern))
      if (!pattern.test(heard)) throw new Error(`${pattern} is not in ${heard.slice(0, 2000)}`)
      return heard
    },
    /** Resolves with all that was heard, once the other side has ended or cut the connection. */
    end: async (): Promise<string> => {
      await until(() => ended || closed, 'the end')
      return heard
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

/** Sends the text and gives what comes back until the other side closes. */
export const talk = async (port: number, text: string): Promise<string> => {
  using client = rawClient(port)
  client.send(text)
  return await client.end()
}

/** The whole body of an exchange, from the start. */
export const bodyOf = (exchange: ClientExchange): Promise<string> =>
  new Promise((resolve, reject) => {
    let body = ''
    exchange.listener = {
      onBody: (bytes) => void (body += bytes.toString('latin1')),
      onBodyEnd: () => resolve(body),
      onDrain: () => {},
      onClose: () => reject(new Error('the client left')),
    }
    if (exchange.bodyLength === 0) resolve('')
    else exchange.startBody()
  })

/** A door that answers what it saw: method, target, host, fields, body. */
export const echo = (exchange: ClientExchange): void => {
  void bodyOf(exchange).then(
    (body) => {
      const { method, target, host, version, headers } = exchange
      const seen = JSON.stringify({ method, target, host, version, headers: headers.raw, body })
      exchange.sendWhole(200, 'OK', ['Content-Type', 'application/json'], Buffer.from(seen))
    },
    () => {},
  )
}
