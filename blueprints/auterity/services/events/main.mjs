// Tells pages at once what becomes of runs: server-sent events, fed by Redis.
import { Counter, Gauge } from '../../../shared/metrics.mjs'
import { openRedis } from '../../../shared/redis.mjs'
import { createService, healthOf, metricsPage, Refusal, written } from '../../../shared/service.mjs'
import { eventChannel } from '../../lib/runs.mjs'
import { openTelemetry } from '../../lib/telemetry.mjs'

const told = new Counter({ name: 'events_told_total', help: 'Events that were handed on' })
const listening = new Gauge({ name: 'events_listeners', help: 'Pages that listen' })
const listenersMax = 500
const bufferLimitBytes = 256 * 1024
const heartbeatMs = 15_000

const telemetry = openTelemetry('events', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('events', telemetry)
const listeners = new Set()
const redis = openRedis({ url: process.env.REDIS_URL })

/** A page that does not read is let go; its browser comes back by itself. */
const tellAll = (text) => {
  for (const response of listeners) {
    if (response.writableLength > bufferLimitBytes) response.destroy()
    else response.write(text)
  }
}
const subscription = openRedis({
  url: process.env.REDIS_URL,
  onMessage: (_channel, message) => {
    told.inc()
    tellAll(`event: run\ndata: ${message}\n\n`)
  },
})

const listen = ({ response }) => {
  if (listeners.size >= listenersMax) throw new Refusal(503, `${listenersMax} pages listen already`)
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write('retry: 1000\n\n')
  listeners.add(response)
  listening.set(listeners.size)
  response.once('close', () => {
    listeners.delete(response)
    listening.set(listeners.size)
  })
  return written
}

listening.set(0)
app.get('/health', healthOf(redis.check))
app.get('/metrics', metricsPage)
app.get('/events', listen)
const heartbeat = setInterval(() => tellAll(': here\n\n'), heartbeatMs)
app.onStop(() => {
  clearInterval(heartbeat)
  subscription.close()
  redis.close()
})
app.onStop(telemetry.close)

const subscribe = async () => {
  try {
    await subscription.subscribe(eventChannel)
  } catch (error) {
    app.log.warn('cannot subscribe', { reason: error.message })
    setTimeout(() => void subscribe(), 500)
  }
}
await subscribe()
await app.listen(process.env.PORT, process.env.HOST)
