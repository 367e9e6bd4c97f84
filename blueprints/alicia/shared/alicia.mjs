// The wrapper: gives a service of Alicia its place on the bus, health, configuration that reloads,
// questions and answers, in a few lines.
//
//   const app = createService('lights')
//   const alicia = joinAlicia(app, { name: 'lights', bus: { url: process.env.MQTT_URL, … }, … })
//   app.get('/health', alicia.health)
//   alicia.on('alicia/devices/+/set', (topic, body) => { … })
//   alicia.tell('alicia/devices/light.kitchen/state', { on: true }, { retain: true })
//   await app.listen(process.env.PORT, process.env.HOST)
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { Counter } from '../../shared/metrics.mjs'
import { connectMqtt } from '../../shared/mqtt.mjs'
import { healthOf } from '../../shared/service.mjs'
import { createQuestions } from './questions.mjs'

const heartbeatMs = 2000

const messages = new Counter({
  name: 'alicia_bus_messages_total',
  help: 'Messages on the bus, by direction',
  labelled: true,
})

/** @typedef {{ url: string | undefined, user: string | undefined, passwordFile: string | undefined }} Bus */
/**
 * One value of the configuration; `max` of a list or a text is its length.
 * @typedef {{ default: unknown, min?: number, max?: number, oneOf?: readonly string[] }} Setting
 */

/**
 * @param {ReturnType<import('../../shared/service.mjs').createService>} app
 * @param {object} options
 * @param {string} options.name
 * @param {Bus} options.bus
 * @param {{ host: string | undefined, port: string | undefined }} options.address where others find its HTTP interface
 * @param {string} options.does what it is for, in a sentence
 * @param {readonly string[]} [options.needs] services that it asks
 * @param {Record<string, Setting>} [options.settings] what the config manager may change, and to what
 * @param {(config: any) => void} [options.onConfig] after each change
 * @param {() => object | void} [options.check] throws when the service itself is unwell
 */
export const joinAlicia = (app, options) => {
  const { name, bus, address, does, needs = [], settings = {} } = options
  const { onConfig = () => {}, check = () => {} } = options
  const { log } = app
  const defaults = Object.fromEntries(
    Object.entries(settings).map(([key, setting]) => [key, setting.default]),
  )
  const instance = `${os.hostname()}-${process.pid}`
  const startedAt = new Date().toISOString()
  const state = { config: defaults, version: 0 }
  const presence = `alicia/presence/${name}/${instance}`
  const self = { service: name, instance, startedAt, does, needs, ...reachedAt(address) }

  const unhealthyFor = () => {
    if (!mqtt.isConnected()) return 'the bus does not answer'
    try {
      check()
      return ''
    } catch (error) {
      return error.message
    }
  }

  const { hostname, port } = new URL(bus.url ?? 'mqtt://127.0.0.1:1883')
  const mqtt = connectMqtt({
    host: hostname,
    port: Number(port || 1883),
    clientId: `${name}-${instance}`,
    username: bus.user,
    password: bus.passwordFile && readFileSync(bus.passwordFile, 'utf8').trim(),
    will: { topic: presence, payload: JSON.stringify({ ...self, status: 'lost' }) },
    onConnect: () => {
      tell(presence, { ...self, status: 'online' }, { retain: true })
      tell(`alicia/settings/${name}`, settings, { retain: true })
    },
    log,
  })

  const tell = (topic, body, { retain = false, qos = 1 } = {}) => {
    messages.inc({ direction: 'out' })
    mqtt.publish(topic, JSON.stringify(body), { qos, retain }).catch((error) => {
      log.warn('message not sent', { topic, reason: error.message })
    })
  }
  const on = (filter, handler) =>
    mqtt.subscribe(filter, (topic, payload, isRetained) => {
      messages.inc({ direction: 'in' })
      // An empty message takes a retained one away.
      const body = payload.length === 0 ? undefined : JSON.parse(payload.toString('utf8'))
      handler(topic, body, isRetained)
    })

  on(`alicia/config/${name}`, (_topic, body) => {
    if (body === undefined || body.version === state.version) return
    Object.assign(state, { config: { ...defaults, ...body.values }, version: body.version })
    onConfig(state.config)
    log.info('configuration loaded', { version: body.version })
    tell(`alicia/config-applied/${name}/${instance}`, { version: body.version })
  })
  on(`alicia/control/${name}`, (_topic, body) => {
    if (body?.command !== 'restart' || (body.instance ?? instance) !== instance) return
    log.warn('asked to restart', { by: body.by })
    // Its supervisor starts it again: `restart: unless-stopped`.
    process.kill(process.pid, 'SIGTERM')
  })
  const beat = setInterval(() => {
    const reason = unhealthyFor()
    const memoryBytes = process.memoryUsage.rss()
    const body = { ...self, isHealthy: reason === '', reason, version: state.version, memoryBytes }
    tell(`alicia/heartbeat/${name}/${instance}`, body, { qos: 0 })
  }, heartbeatMs)

  app.onStop(async () => {
    clearInterval(beat)
    tell(presence, { ...self, status: 'stopped' }, { retain: true })
    await mqtt.close()
  })

  return {
    instance,
    tell,
    on,
    ...createQuestions({ name, instance, tell, on }),
    /** Takes a retained message away. */
    forget: (topic) => mqtt.publish(topic, '', { qos: 1, retain: true }),
    /** The configuration as it is now; read it each time. */
    config: () => state.config,
    health: healthOf(() => {
      const reason = unhealthyFor()
      if (reason !== '') throw new Error(reason)
      return { instance, configVersion: state.version }
    }),
  }
}

/** In a container its own address of the first network, else the loopback. */
const reachedAt = ({ host, port }) => {
  const own = Object.values(os.networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)
  return { host: host === '0.0.0.0' ? (own?.address ?? host) : '127.0.0.1', port: Number(port) }
}
