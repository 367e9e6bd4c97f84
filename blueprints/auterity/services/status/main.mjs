// How every service is, by category: each is asked every 2 seconds, the answer is at hand at once.
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { requestJson } from '../../../shared/http-client.mjs'
import { Gauge } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage } from '../../../shared/service.mjs'
import { openTelemetry } from '../../lib/telemetry.mjs'

const upGauge = new Gauge({
  name: 'status_service_up',
  help: '1 while the service is healthy, by service and category',
})
const everyMs = 2000
const timeoutMs = 1500
const telemetry = openTelemetry('status', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('status', telemetry)
const listed = JSON.parse(readFileSync(new URL('services.json', import.meta.url), 'utf8'))

/** Where a service is: what the environment says (`AUTH_URL`), else its name on the network. */
const addressOf = ({ name, url }) => {
  const key = name.toUpperCase().replaceAll('-', '_')
  const [own, host, port] = ['URL', 'HOST', 'PORT'].map((end) => process.env[`${key}_${end}`])
  const address = new URL(url)
  if (own) return new URL(address.pathname, own)
  if (host && port) address.host = `${host}:${port}`
  return address
}
const leftOut = new Set((process.env.STATUS_LEAVES_OUT ?? '').split(','))
const services = listed
  .filter(({ name }) => !leftOut.has(name))
  .map((one) => ({ ...one, address: addressOf(one) }))

const connect = ({ hostname, port }) =>
  new Promise((resolve, reject) => {
    const socket = net.connect({ host: hostname, port: Number(port) })
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no connection')))
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
  })

const reasonOf = async ({ address }) => {
  try {
    if (address.protocol === 'tcp:') await connect(address)
    else {
      const { status, body } = await requestJson(address, { timeoutMs })
      if (status >= 300) return body?.reason ?? `answered ${status}`
    }
    return undefined
  } catch (error) {
    // A server of somebody else answers its health check in plain text.
    return /answered 2\d\d without JSON$/.test(error.message)
      ? undefined
      : (error.code ?? error.message)
  }
}

let known = []
const look = async () => {
  known = await Promise.all(
    services.map(async (service) => {
      const startedAt = performance.now()
      const reason = await reasonOf(service)
      const latencyMs = Math.round((performance.now() - startedAt) * 10) / 10
      const { name, category } = service
      upGauge.set(reason === undefined ? 1 : 0, { service: name, category })
      return { name, category, healthy: reason === undefined, reason, latencyMs }
    }),
  )
}

const report = () => {
  const categories = [...new Set(known.map(({ category }) => category))]
  return {
    healthy: known.filter(({ healthy }) => healthy).length,
    total: known.length,
    categories: Object.fromEntries(
      categories.map((category) => [category, known.filter((one) => one.category === category)]),
    ),
  }
}

let round
let looking = Promise.resolve()
const loop = () => {
  looking = look()
  void looking.then(() => {
    round = setTimeout(loop, everyMs)
  })
}

app.get(
  '/health',
  healthOf(() => ({ watched: services.length })),
)
app.get('/metrics', metricsPage)
app.get('/status', report)
app.onStop(async () => {
  await looking
  clearTimeout(round)
})
app.onStop(telemetry.close)
loop()
await app.listen(process.env.PORT, process.env.HOST)
