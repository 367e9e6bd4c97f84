// Load balancer: passes requests on to the instances of a service that the bus knows.
import { Counter } from '../../../shared/metrics.mjs'
import { createService, json, metricsPage, Refusal, written } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { createPool } from './pool.mjs'
import { passOn } from './pass-on.mjs'

const bodyLimitBytes = 256 * 1024

const app = createService('balancer')
const alicia = joinAlicia(app, {
  name: 'balancer',
  does: 'Spreads requests over the instances of a service',
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
  settings: {
    strategy: { default: 'least-busy', oneOf: ['least-busy', 'round-robin', 'sticky'] },
    ejectSeconds: { default: 10, min: 1, max: 300 },
  },
})
const passed = new Counter({
  name: 'alicia_balancer_requests_total',
  help: 'Requests passed on, by service and result',
  labelled: true,
})

const pool = createPool(() => alicia.config())
alicia.on('alicia/presence/+/+', (topic, body) => {
  if (body?.status === 'online') pool.add(topic, body)
  else pool.remove(topic)
})

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/instances', () => ({ instances: pool.list() }))
app.all('/to/:service/*', async (asked) => {
  const { query, request, response } = asked
  const [service, path] = asked.params
  const isRead = request.method === 'GET'
  const body = isRead ? undefined : await bodyOf(asked)
  const tried = new Set()
  // What only reads, or never reached anybody, goes to another instance once.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const instance = pool.choose(service, request.socket.remoteAddress ?? '', tried)
    if (instance === undefined) break
    tried.add(instance.key)
    const search = query.size === 0 ? '' : `?${query.toString()}`
    const result = await passOn(instance, `/${path}${search}`, { request, response, body })
    pool.finished(instance, result)
    passed.inc({ service, result })
    if (result === 'passed') return written
    if (response.headersSent || (result === 'broken' && !isRead)) {
      return response.headersSent ? written : json(502, { error: `${service} broke off` })
    }
  }
  throw new Refusal(503, `No instance of ${service} can be reached`)
})

/** JSON has been read before a route is asked. */
const bodyOf = ({ request, body, bytes }) =>
  request.headers['content-type']?.startsWith('application/json') === true
    ? Buffer.from(JSON.stringify(body))
    : bytes(bodyLimitBytes)
await app.listen(process.env.PORT, process.env.HOST)
