// Other systems start runs here; each call is signed with the shared key.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { openDatabase } from '../../../shared/database.mjs'
import { Counter } from '../../../shared/metrics.mjs'
import { openRedis } from '../../../shared/redis.mjs'
import { createService, healthOf, metricsPage, Refusal } from '../../../shared/service.mjs'
import { schema, startRun } from '../../lib/runs.mjs'
import { readSecret, withPassword } from '../../lib/secret-file.mjs'
import { openTelemetry } from '../../lib/telemetry.mjs'

const calls = new Counter({
  name: 'webhooks_calls_total',
  help: 'Calls of other systems, by result',
  labelled: true,
})
const bodyLimitBytes = 64 * 1024
const key = readSecret(process.env.WEBHOOK_KEY_FILE)
const telemetry = openTelemetry('webhooks', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('webhooks', telemetry)
const redis = openRedis({ url: process.env.REDIS_URL })
const url = withPassword(process.env.DATABASE_URL, process.env.DATABASE_PASSWORD_FILE)
const database = openDatabase({ url, name: 'auterity/webhooks', log: app.log })

/** `x-signature: sha256=<hex of the HMAC of the body>`, as GitHub's `x-hub-signature-256`. */
const isSigned = (body, header = '') => {
  const right = Buffer.from(`sha256=${createHmac('sha256', key).update(body).digest('hex')}`)
  const given = Buffer.from(header)
  return given.length === right.length && timingSafeEqual(given, right)
}

const take = async ({ params: [workflowId], request, bytes }) => {
  const body = await bytes(bodyLimitBytes)
  if (!isSigned(body, request.headers['x-signature'])) {
    calls.inc({ result: 'refused' })
    throw new Refusal(401, 'x-signature is not that of this body')
  }
  let input
  try {
    input = body.length === 0 ? {} : JSON.parse(body.toString('utf8'))
  } catch {
    throw new Refusal(400, 'The body is not JSON')
  }
  const run = await startRun(database, redis, { workflowId, input, cause: 'webhook' })
  calls.inc({ result: 'accepted' })
  return run
}

app.get(
  '/health',
  healthOf(async () => {
    await database.check()
    await redis.check()
  }),
)
app.get('/metrics', metricsPage)
app.post('/hooks/:workflow', take)
app.onStop(redis.close)
app.onStop(database.close)
app.onStop(telemetry.close)

await database.createSchema(schema)
await app.listen(process.env.PORT, process.env.HOST)
