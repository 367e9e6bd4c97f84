// Hub: the way into the house: a page, and everything behind it as JSON.
import { readFileSync } from 'node:fs'
import { requestJson } from '../../../shared/http-client.mjs'
import { Counter } from '../../../shared/metrics.mjs'
import { createService, json, metricsPage, raw, Refusal } from '../../../shared/service.mjs'
import { joinAlicia } from '../../shared/alicia.mjs'
import { createStream } from './stream.mjs'

const app = createService('hub')
const alicia = joinAlicia(app, {
  name: 'hub',
  does: 'The page of the house, and its interface',
  needs: ['registry', 'dialogue', 'health', 'metrics', 'notifier', 'scheduler', 'config'],
  bus: {
    url: process.env.MQTT_URL,
    user: process.env.MQTT_USER,
    passwordFile: process.env.MQTT_PASSWORD_FILE,
  },
  address: { host: process.env.HOST, port: process.env.PORT },
})
const commands = new Counter({ name: 'alicia_hub_commands_total', help: 'Devices set by people' })

const addresses = {
  config: process.env.CONFIG_URL,
  dialogue: process.env.DIALOGUE_URL,
  health: process.env.HEALTH_URL,
  metrics: process.env.METRICS_URL,
  notifier: process.env.NOTIFIER_URL,
  orchestrator: process.env.ORCHESTRATOR_URL,
  scheduler: process.env.SCHEDULER_URL,
}
const page = readFileSync(new URL('page.html', import.meta.url))
const script = readFileSync(new URL('page.mjs', import.meta.url))

/** Hands a request on to one of the services, with its answer as it is. */
const handOn = async ({ params: [name, path], query, request, body }) => {
  const address = Object.hasOwn(addresses, name) ? addresses[name] : undefined
  const known = Object.keys(addresses).join(', ')
  if (address === undefined) throw new Refusal(404, `There is no part ${name}; there are ${known}`)
  const search = query.size === 0 ? '' : `?${query.toString()}`
  const isRead = ['GET', 'HEAD'].includes(request.method)
  const url = `${address.replace(/\/$/, '')}/${path}${search}`
  const answer = await requestJson(url, {
    method: request.method,
    body: isRead ? undefined : body,
  }).catch((error) => {
    throw new Refusal(503, `${name} does not answer: ${error.message}`)
  })
  return json(answer.status, answer.body)
}

const stream = createStream()
for (const filter of ['alicia/devices/+/state', 'alicia/home', 'alicia/notifications']) {
  alicia.on(filter, (topic, body) => stream.send(topic, body))
}

app.get('/health', alicia.health)
app.get('/metrics', metricsPage)
app.get('/', () => raw(200, { 'content-type': 'text/html; charset=utf-8' }, page))
app.get('/page.mjs', () => raw(200, { 'content-type': 'text/javascript; charset=utf-8' }, script))
app.get('/api/devices', ({ query }) =>
  alicia.ask('registry', 'find', {
    kind: query.get('kind') ?? undefined,
    room: query.get('room') ?? undefined,
  }),
)
app.post('/api/devices/:id', ({ params: [id], body }) => {
  if (!/^[a-z]+\.[a-z]+$/.test(id)) throw new Refusal(400, `${id} is no name of a device`)
  alicia.tell(`alicia/devices/${id}/set`, body)
  commands.inc()
  return json(202, { id, set: body })
})
app.get('/api/events', ({ request, response }) => stream.open(request, response))
app.all('/api/:part/*', handOn)
app.onStop(() => stream.close())
await app.listen(process.env.PORT, process.env.HOST)
