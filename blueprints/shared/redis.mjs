// A Redis client without dependencies: pipelining, reconnection, a bound on everything that waits.
import net from 'node:net'
import { createReplyReader, encodeCommand, RedisRefusal } from './resp.mjs'

export { RedisRefusal } from './resp.mjs'

const waitingMax = 10_000
const reconnectMsMin = 50
const reconnectMsMax = 2000

/**
 * Opens a connection that comes back by itself. Commands are sent at once and answered in order, so
 * many of them share a round trip; one that is given while there is no connection waits for the
 * next, for as long as its time allows. What was sent on a connection that broke is not sent again:
 * it may have happened.
 *
 * For BLPOP and the like open a client of its own, with a `timeoutMs` above that of the command.
 *
 * @param {object} options
 * @param {string} options.url `redis://[user][:password@]host[:port][/database]`
 * @param {number} [options.timeoutMs] how long a command may take, waiting included
 * @param {(reason: string) => void} [options.onLost] told each time the connection breaks
 * @param {(channel: string, message: string) => void} [options.onMessage] of SUBSCRIBE; after it
 *   the client takes no other command, as Redis has it
 */
export const openRedis = ({ url, timeoutMs = 1000, onLost = () => {}, onMessage }) => {
  const address = new URL(url)
  const greeting = greetingOf(address)
  const channels = new Set()
  let socket
  let reconnectMs = reconnectMsMin
  let connected = false
  let closed = false
  let unsent = []
  let sent = []
  let timer

  const settle = (waiting, reply) => {
    clearTimeout(waiting.timer)
    if (reply instanceof Error) waiting.reject(reply)
    else waiting.resolve(reply)
  }

  const take = (reply) => {
    if (Array.isArray(reply) && reply[0] === 'message') {
      onMessage?.(reply[1], reply[2])
      return
    }
    const waiting = sent.shift()
    if (waiting !== undefined) settle(waiting, reply)
  }

  const write = (waiting) => {
    sent.push(waiting)
    socket.write(encodeCommand(waiting.words))
  }

  const greet = () => {
    for (const words of greeting) {
      const refuse = (error) => socket.destroy(error)
      write({ words, resolve: () => {}, reject: refuse })
    }
    for (const name of channels) {
      write({ words: ['SUBSCRIBE', name], resolve: () => {}, reject: () => {} })
    }
    connected = true
    const waiting = unsent.filter(({ done }) => !done)
    unsent = []
    for (const each of waiting) write(each)
  }

  const connect = () => {
    let reason = 'closed by Redis'
    socket = net.connect({ host: address.hostname, port: Number(address.port || 6379) })
    socket.setNoDelay(true)
    socket.setTimeout(5000, () => !connected && socket.destroy(new Error('no connection in 5 s')))
    const read = createReplyReader((reply) => {
      reconnectMs = reconnectMsMin
      take(reply)
    })
    socket.on('connect', greet)
    socket.on('error', (error) => {
      reason = error.code ?? error.message
    })
    socket.on('data', (chunk) => {
      try {
        read(chunk)
      } catch (error) {
        socket.destroy(error)
      }
    })
    socket.on('close', () => {
      connected = false
      const broken = sent
      sent = []
      for (const waiting of broken) settle(waiting, new Error(`the connection broke: ${reason}`))
      if (closed) return
      onLost(reason)
      timer = setTimeout(connect, reconnectMs)
      reconnectMs = Math.min(reconnectMs * 2, reconnectMsMax)
    })
  }

  /**
   * @param {...(string | number | Uint8Array)} words the command, as in `command('SET', 'a', 1)`
   * @returns {Promise<any>} what Redis answered; rejects with its refusal, or with what happened
   */
  const command = (...words) =>
    new Promise((resolve, reject) => {
      if (closed) throw new Error('the Redis client is closed')
      if (unsent.length + sent.length >= waitingMax) {
        throw new Error(`${waitingMax} Redis commands wait already`)
      }
      const waiting = { words, resolve, reject, done: false }
      waiting.timer = setTimeout(() => {
        waiting.done = true
        unsent = unsent.filter((other) => other !== waiting)
        reject(new Error(`Redis at ${address.host}: no answer within ${timeoutMs} ms`))
      }, timeoutMs)
      if (connected) write(waiting)
      else unsent.push(waiting)
    })

  connect()

  return {
    command,
    /**
     * Commands in one round trip, each with its own answer. Rejects with the first refusal.
     * @param {readonly (readonly (string | number | Uint8Array)[])[]} commands
     */
    pipeline: (commands) => Promise.all(commands.map((words) => command(...words))),
    /** Messages of these channels go to `onMessage`, after a reconnection too. */
    subscribe: async (...names) => {
      // One at a time: Redis gives one answer for each channel, not for each command.
      await Promise.all(names.map((name) => command('SUBSCRIBE', name)))
      for (const name of names) channels.add(name)
    },
    /** @throws when Redis does not answer */
    check: async () => {
      const answer = await command('PING')
      if (answer !== 'PONG' && !Array.isArray(answer)) throw new RedisRefusal(String(answer))
    },
    close: () => {
      closed = true
      clearTimeout(timer)
      const abandoned = [...unsent, ...sent]
      unsent = []
      sent = []
      for (const waiting of abandoned) settle(waiting, new Error('the Redis client was closed'))
      socket.destroy()
    },
  }
}

/** @param {URL} address */
const greetingOf = (address) => {
  const words = []
  const password = decodeURIComponent(address.password)
  const user = decodeURIComponent(address.username)
  if (password !== '') words.push(user === '' ? ['AUTH', password] : ['AUTH', user, password])
  const database = address.pathname.slice(1)
  if (database !== '') words.push(['SELECT', database])
  return words
}
