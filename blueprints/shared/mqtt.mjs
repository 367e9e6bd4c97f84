import net from 'node:net'
import {
  connectPacket,
  createPacketReader,
  disconnectPacket,
  fits,
  kinds,
  pingPacket,
  pubackPacket,
  publishPacket,
  readPublish,
  subscribePacket,
} from './mqtt-packets.mjs'

const keepAliveSeconds = 10
const answerTimeoutMs = 4000
const retryFirstMs = 200
const retryLastMs = 5000
/** Messages of QoS 1 that wait for their acknowledgement, also while the broker is away. */
const unconfirmedMax = 500

const refusals = ['', 'protocol', 'client id', 'server unavailable', 'bad login', 'not authorised']

/**
 * A client of MQTT 3.1.1 that connects again by itself, takes its subscriptions along and repeats
 * what was not acknowledged.
 *
 * @param {object} options
 * @param {string} options.host
 * @param {number} options.port
 * @param {string} options.clientId one connection for each: a second takes the place of the first
 * @param {string} [options.username]
 * @param {string} [options.password]
 * @param {{ topic: string, payload: string }} [options.will] what the broker says when we are lost
 * @param {() => void} [options.onConnect] after each connection, the first and every later one
 * @param {{ info: (message: string, fields?: object) => void, warn: (message: string, fields?: object) => void }} options.log
 */
export const connectMqtt = (options) => {
  const { log } = options
  const state = {
    socket: undefined,
    isConnected: false,
    isClosed: false,
    retryMs: retryFirstMs,
    lastId: 0,
    heardAt: 0,
  }
  const subscriptions = []
  const unconfirmed = new Map()

  const nextId = () => {
    do state.lastId = (state.lastId % 65_535) + 1
    while (unconfirmed.has(state.lastId))
    return state.lastId
  }
  const send = (bytes) => {
    if (state.isConnected) state.socket.write(bytes)
  }

  const onConnected = () => {
    state.isConnected = true
    state.retryMs = retryFirstMs
    log.info('bus connected', { host: options.host, port: options.port })
    for (const { filter, qos } of subscriptions) send(subscribePacket(nextId(), filter, qos))
    for (const [id, { message }] of unconfirmed) {
      send(publishPacket({ ...message, id, isAgain: true }))
    }
    options.onConnect?.()
  }

  const deliver = (packet) => {
    const { topic, id, payload, isRetained } = readPublish(packet)
    for (const { filter, handler } of subscriptions) {
      if (!fits(filter, topic)) continue
      try {
        handler(topic, payload, isRetained)
      } catch (error) {
        log.warn('message not handled', { topic, reason: error.message })
      }
    }
    if (id !== undefined) send(pubackPacket(id))
  }

  const take = (packet) => {
    state.heardAt = Date.now()
    if (packet.kind === kinds.connack) {
      const code = packet.body[1] ?? 0
      if (code === 0) return onConnected()
      throw new Error(`the broker refuses: ${refusals[code] ?? code}`)
    }
    if (packet.kind === kinds.publish) return deliver(packet)
    if (packet.kind !== kinds.puback) return
    const id = packet.body.readUInt16BE(0)
    unconfirmed.get(id)?.resolve()
    unconfirmed.delete(id)
  }

  const open = () => {
    const socket = net.connect({ host: options.host, port: options.port })
    let reason = 'the broker closed the connection'
    const read = createPacketReader(take)
    state.socket = socket
    state.heardAt = Date.now()
    socket.setNoDelay(true)
    socket.on('connect', () => socket.write(connectPacket({ ...options, keepAliveSeconds })))
    socket.on('data', (chunk) => {
      try {
        read(chunk)
      } catch (error) {
        socket.destroy(error)
      }
    })
    socket.on('error', (error) => {
      reason = error.message
    })
    const watch = setInterval(() => {
      const silentMs = Date.now() - state.heardAt
      const limitMs = state.isConnected ? keepAliveSeconds * 1500 : answerTimeoutMs
      if (silentMs > limitMs) socket.destroy(new Error(`no answer for ${silentMs} ms`))
      else send(pingPacket)
    }, 2000)
    socket.on('close', () => {
      clearInterval(watch)
      state.isConnected = false
      if (state.isClosed) return
      log.warn('bus lost', { reason, retryMs: state.retryMs })
      setTimeout(() => state.isClosed || open(), state.retryMs)
      state.retryMs = Math.min(state.retryMs * 2, retryLastMs)
    })
  }
  open()

  return {
    isConnected: () => state.isConnected,

    /**
     * QoS 0 resolves when it is sent and is lost without a connection; QoS 1 resolves when the
     * broker has it. Throws when too much waits for the broker.
     * @param {string} topic
     * @param {string | Uint8Array} payload
     * @param {{ qos?: 0 | 1, retain?: boolean }} [how]
     * @returns {Promise<void>}
     */
    publish: (topic, payload, { qos = 0, retain = false } = {}) => {
      const message = { topic, payload: Buffer.from(payload), qos, retain }
      if (qos === 0) {
        send(publishPacket(message))
        return Promise.resolve()
      }
      if (unconfirmed.size >= unconfirmedMax) {
        return Promise.reject(new Error(`${unconfirmedMax} messages wait for the broker`))
      }
      const id = nextId()
      return new Promise((resolve) => {
        unconfirmed.set(id, { message, resolve })
        send(publishPacket({ ...message, id }))
      })
    },

    /**
     * @param {string} filter with `+` for one level and `#` for the rest
     * @param {(topic: string, payload: Buffer, isRetained: boolean) => void} handler
     * @param {0 | 1} [qos]
     */
    subscribe: (filter, handler, qos = 1) => {
      subscriptions.push({ filter, handler, qos })
      send(subscribePacket(nextId(), filter, qos))
    },

    /** Says goodbye, so that the broker keeps our will to itself. */
    close: async () => {
      state.isClosed = true
      const { socket } = state
      if (socket === undefined || socket.destroyed) return
      await new Promise((resolve) => {
        socket.once('close', resolve)
        if (state.isConnected) socket.end(disconnectPacket)
        else socket.destroy()
      })
    },
  }
}
