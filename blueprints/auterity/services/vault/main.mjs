// Secrets of workflows, encrypted with AES-256-GCM before they reach the database.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { openDatabase } from '../../../shared/database.mjs'
import { Counter } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage, Refusal } from '../../../shared/service.mjs'
import { readSecret, withPassword } from '../../lib/secret-file.mjs'
import { ask, openTelemetry } from '../../lib/telemetry.mjs'

const reads = new Counter({ name: 'vault_reads_total', help: 'Secrets that were given out' })
const key = createHash('sha256').update(readSecret(process.env.VAULT_KEY_FILE)).digest()
const auth = process.env.AUTH_URL
const telemetry = openTelemetry('vault', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('vault', telemetry)
const url = withPassword(process.env.DATABASE_URL, process.env.DATABASE_PASSWORD_FILE)
const database = openDatabase({ url, name: 'auterity/vault', log: app.log })

const encrypt = (name, value) => {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name))
  return Buffer.concat([nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

/** Bound to its name: a row that was exchanged for another does not open. */
const decrypt = (name, sealed) => {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
  decipher.setAAD(Buffer.from(name)).setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString()
}

const onlyAdmin = async ({ headers }) => {
  const user = await ask('auth', `${auth}/verify`, {
    headers: { authorization: headers.authorization ?? '' },
  })
  if (user.role !== 'admin') throw new Refusal(403, 'Secrets are for admins')
  return user
}

app.get('/health', healthOf(database.check))
app.get('/metrics', metricsPage)
app.get('/secrets', async ({ request }) => {
  await onlyAdmin(request)
  return { secrets: await database.query('select name, changed_at from secrets order by name') }
})
app.put('/secrets/:name', async ({ request, params: [name], body }) => {
  const { email } = await onlyAdmin(request)
  if (typeof body.value !== 'string' || body.value.length > 10_000) {
    throw new Refusal(400, 'value: a text of at most 10000 characters')
  }
  await database.query(
    `insert into secrets (name, sealed) values ($1, $2)
     on conflict (name) do update set sealed = $2, changed_at = now()`,
    [name, encrypt(name, body.value)],
  )
  app.log.info('secret changed', { name, by: email })
  return { name }
})
app.get('/secrets/:name', async ({ request, params: [name] }) => {
  const { email } = await onlyAdmin(request)
  const [found] = await database.query('select sealed from secrets where name = $1', [name])
  if (found === undefined) throw new Refusal(404, `There is no secret ${name}`)
  reads.inc()
  app.log.info('secret read', { name, by: email })
  return { name, value: decrypt(name, found.sealed) }
})
app.onStop(database.close)
app.onStop(telemetry.close)

await database.createSchema(
  `create table if not exists secrets (
     name text primary key, sealed bytea not null, changed_at timestamptz not null default now())`,
)
await app.listen(process.env.PORT, process.env.HOST)
