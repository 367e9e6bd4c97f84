// Who somebody is: passwords (scrypt), and signed tokens that live for 15 minutes.
import { createHmac, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import { openDatabase } from '../../../shared/database.mjs'
import { Counter } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage, Refusal } from '../../../shared/service.mjs'
import { readSecret, withPassword } from '../../lib/secret-file.mjs'
import { openTelemetry } from '../../lib/telemetry.mjs'

const logins = new Counter({
  name: 'auth_logins_total',
  help: 'Attempts to log in, by result',
  labelled: true,
})
const tokenLifeMs = 15 * 60_000
const key = readSecret(process.env.TOKEN_KEY_FILE)
const telemetry = openTelemetry('auth', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('auth', telemetry)
const url = withPassword(process.env.DATABASE_URL, process.env.DATABASE_PASSWORD_FILE)
const database = openDatabase({ url, name: 'auterity/auth', log: app.log })

const hashOf = (password, salt) => scryptSync(password, salt, 32).toString('hex')
const isSame = (one, other) =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
const signatureOf = (text) => createHmac('sha256', key).update(text).digest('base64url')

const addUser = async ({ email, password, role }) => {
  if (!/^[^@\s]{1,64}@[^@\s]{1,190}$/.test(email ?? ''))
    throw new Refusal(400, 'email is no address')
  if (typeof password !== 'string' || password.length < 12 || password.length > 200) {
    throw new Refusal(400, 'password: 12 to 200 characters')
  }
  if (!['admin', 'member'].includes(role)) throw new Refusal(400, 'role: admin or member')
  const salt = randomBytes(16).toString('hex')
  const added = await database.query(
    `insert into users (email, salt, hash, role) values ($1, $2, $3, $4)
     on conflict (email) do nothing returning email, role`,
    [email, salt, hashOf(password, salt), role],
  )
  if (added.length === 0) throw new Refusal(409, `There is a user ${email} already`)
  return added[0]
}

const logIn = async ({ email, password }) => {
  const [user] = await database.query('select * from users where email = $1', [String(email)])
  const isRight =
    isSame(hashOf(String(password), user?.salt ?? 'none'), user?.hash ?? '') && user !== undefined
  logins.inc({ result: isRight ? 'accepted' : 'refused' })
  if (!isRight) throw new Refusal(401, 'Email or password is wrong')
  const claims = { email: user.email, role: user.role, until: Date.now() + tokenLifeMs }
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url')
  return { token: `${payload}.${signatureOf(payload)}`, lifeSeconds: tokenLifeMs / 1000 }
}

const verify = (header = '') => {
  const [, payload = '', signature = ''] = /^Bearer ([\w-]+)\.([\w-]+)$/.exec(header) ?? []
  if (payload === '' || !isSame(signatureOf(payload), signature)) {
    throw new Refusal(401, 'No valid token: POST /sessions gives one')
  }
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  if (claims.until < Date.now()) throw new Refusal(401, 'The token is too old')
  return { email: claims.email, role: claims.role }
}

app.get('/health', healthOf(database.check))
app.get('/metrics', metricsPage)
app.post('/sessions', ({ body }) => logIn(body))
app.get('/verify', ({ request }) => verify(request.headers.authorization))
app.post('/users', ({ body, request }) => {
  if (verify(request.headers.authorization).role !== 'admin') throw new Refusal(403, 'Not an admin')
  return addUser(body)
})
app.onStop(database.close)
app.onStop(telemetry.close)

await database.createSchema(
  `create table if not exists users (
     email text primary key, salt text not null, hash text not null, role text not null)`,
)
const first = { email: 'admin@auterity.example', role: 'admin' }
await addUser({ ...first, password: readSecret(process.env.ADMIN_PASSWORD_FILE) }).catch(
  (error) => {
    if (!(error instanceof Refusal)) throw error
  },
)
await app.listen(process.env.PORT, process.env.HOST)
