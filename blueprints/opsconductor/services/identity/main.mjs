// Identity: users and roles, sessions with rotating refresh tokens, one-time codes, API keys.
import { randomBytes, randomUUID } from 'node:crypto'
import { openDatabase } from '../../../shared/database.mjs'
import { Counter } from '../../../shared/metrics.mjs'
import { openRedis } from '../../../shared/redis.mjs'
import { createService, healthOf, json, metricsPage, Refusal } from '../../../shared/service.mjs'
import { createTracer } from '../../../shared/tracing.mjs'
import { createAccess, permissionsOf } from '../../lib/access.mjs'
import { createAudit } from '../../lib/audit.mjs'
import { openKeys } from '../../lib/keys.mjs'
import { hashPassword, isPassword } from './passwords.mjs'
import { schema } from './schema.mjs'
import { createSessions, hashOf } from './sessions.mjs'
import { openSigner } from './signing.mjs'
import { createTotpSecret, stepOfCode } from './totp.mjs'

const attemptsMax = 5
const attemptsForgottenSeconds = 900
const pruneEveryMs = 3_600_000

const app = createService('identity')
const keys = openKeys(process.env.KEYS_FOLDER ?? '/keys')
const database = openDatabase({
  url: keys.withPassword(process.env.DATABASE_URL),
  name: 'opsconductor/identity',
  log: app.log,
})
const redis = openRedis({ url: process.env.REDIS_URL })
const tracer = createTracer({
  service: 'identity',
  endpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT,
})
const audit = createAudit({ redis, service: 'identity', log: app.log })
const logins = new Counter({
  name: 'opsconductor_logins_total',
  help: 'Logins by outcome',
  labelled: true,
})
const refreshes = new Counter({
  name: 'opsconductor_token_refreshes_total',
  help: 'Refresh tokens by outcome',
  labelled: true,
})

await database.createSchema(schema)
const signer = await openSigner(database)
const sessions = createSessions({ database, signer })
// Its own tokens need no call over the network.
const access = createAccess({ identityUrl: `http://127.0.0.1:${process.env.PORT}` })

const findUser = async (name) =>
  (await database.query('select * from identity.users where name = $1', [String(name)]))[0]

const addUser = async ({ name, password, role }) => {
  if (!Object.hasOwn(permissionsOf, role)) throw new Refusal(400, `There is no role ${role}`)
  if (typeof password !== 'string' || password.length < 12) {
    throw new Refusal(400, 'A password has 12 characters or more')
  }
  const [made] = await database.query(
    `insert into identity.users (name, password_hash, role) values ($1, $2, $3)
     on conflict do nothing returning name`,
    [name, await hashPassword(password), role],
  )
  return made !== undefined
}

// The first administrator and the account of the runners; what is there already stays as it is.
await addUser({ name: 'admin', password: keys.read('admin_password'), role: 'admin' })
await database.query(
  `insert into identity.api_keys (id, name, hash, role, owner) values ($1, 'runner', $2, 'service', 'admin')
   on conflict do nothing`,
  [randomUUID(), hashOf(keys.read('service_key'))],
)

/** Counts a wrong try; too many in 15 minutes lock the account for as long. */
const countFailure = async (name) => {
  const key = `login:${name}`
  await redis.pipeline([
    ['INCR', key],
    ['EXPIRE', key, attemptsForgottenSeconds, 'NX'],
  ])
}

const confirmCode = async (user, code) => {
  const step = stepOfCode(user.totp_secret, code ?? '')
  if (step === undefined) return false
  const [fresh] = await database.query(
    `update identity.users set totp_last_step = $2 where name = $1 and totp_last_step < $2 returning name`,
    [user.name, step],
  )
  return fresh !== undefined
}

const login = async ({ body, request }) => {
  const name = String(body.user ?? '')
  if (Number(await redis.command('GET', `login:${name}`)) >= attemptsMax) {
    logins.inc({ outcome: 'locked' })
    throw new Refusal(429, 'Too many wrong tries: wait 15 minutes')
  }
  const user = await findUser(name)
  const isRight =
    user !== undefined && (await isPassword(String(body.password ?? ''), user.password_hash))
  if (isRight && user.totp_confirmed && body.code === undefined) {
    logins.inc({ outcome: 'code_wanted' })
    return json(401, { error: 'A one-time code is wanted', codeWanted: true })
  }
  if (!isRight || (user.totp_confirmed && !(await confirmCode(user, body.code)))) {
    await countFailure(name)
    logins.inc({ outcome: 'refused' })
    await audit(name, 'login.refused')
    throw new Refusal(401, 'User, password or code is wrong')
  }
  await redis.command('DEL', `login:${name}`)
  logins.inc({ outcome: 'ok' })
  await audit(name, 'login')
  return sessions.open(user, request.headers['user-agent'] ?? 'unknown')
}

const refresh = async ({ body }) => {
  try {
    const renewed = await sessions.refresh(String(body.refreshToken ?? ''))
    refreshes.inc({ outcome: 'ok' })
    return renewed
  } catch (error) {
    refreshes.inc({ outcome: 'refused' })
    throw error
  }
}

app.get(
  '/health',
  healthOf(() => Promise.all([database.check(), redis.check()]).then(() => {})),
)
app.get('/metrics', metricsPage)
app.get('/jwks.json', () => ({ keys: signer.publicKeys }))
app.post('/login', tracer.traced('login', login))
app.post('/refresh', tracer.traced('refresh', refresh))
app.get('/me', async ({ request }) => access.actorOf(request))
app.post('/logout', async ({ request }) => {
  const actor = await access.actorOf(request)
  if (actor.sid !== undefined) await sessions.end(actor.sid, 'logged out')
  await audit(actor.sub, 'logout')
  return { ended: true }
})
app.get('/sessions', async ({ request }) => sessions.list((await access.actorOf(request)).sub))
app.delete('/sessions/:id', async ({ params: [id], request }) => {
  const actor = await access.actorOf(request)
  const own = await sessions.list(actor.sub)
  if (!own.some((session) => session.id === id)) throw new Refusal(404, 'You have no such session')
  await sessions.end(id, 'ended by its owner')
  return { ended: true }
})

app.post('/mfa', async ({ request }) => {
  const { sub } = await access.actorOf(request)
  const { secret, address } = createTotpSecret(sub)
  await database.query(
    'update identity.users set totp_secret = $2, totp_confirmed = false where name = $1',
    [sub, secret],
  )
  return { secret, address, next: 'POST /identity/mfa/confirm with a code of it' }
})
app.post('/mfa/confirm', async ({ body, request }) => {
  const { sub } = await access.actorOf(request)
  const user = await findUser(sub)
  if (!user?.totp_secret || !(await confirmCode(user, body.code))) {
    throw new Refusal(400, 'The code is wrong')
  }
  await database.query('update identity.users set totp_confirmed = true where name = $1', [sub])
  await audit(sub, 'mfa.enabled')
  return { enabled: true }
})

app.get(
  '/users',
  access.allow('identity:read', () =>
    database.query(
      'select name, role, totp_confirmed as mfa, made_at from identity.users order by name limit 1000',
    ),
  ),
)
app.post(
  '/users',
  access.allow('identity:write', async ({ body, actor }) => {
    if (!(await addUser(body))) throw new Refusal(409, `There is a user ${body.name}`)
    await audit(actor.sub, 'user.created', { name: body.name, role: body.role })
    return json(201, { name: body.name, role: body.role })
  }),
)
app.put(
  '/users/:name/role',
  access.allow('identity:write', async ({ params: [name], body, actor }) => {
    if (!Object.hasOwn(permissionsOf, body.role))
      throw new Refusal(400, `There is no role ${body.role}`)
    const [changed] = await database.query(
      'update identity.users set role = $2 where name = $1 returning name, role',
      [name, body.role],
    )
    if (changed === undefined) throw new Refusal(404, `There is no user ${name}`)
    await audit(actor.sub, 'user.role_changed', changed)
    return changed
  }),
)

app.post(
  '/api-keys',
  access.allow('identity:write', async ({ body, actor }) => {
    if (!Object.hasOwn(permissionsOf, body.role))
      throw new Refusal(400, `There is no role ${body.role}`)
    const key = `ops_${randomBytes(24).toString('base64url')}`
    const id = randomUUID()
    await database.query(
      'insert into identity.api_keys (id, name, hash, role, owner) values ($1, $2, $3, $4, $5)',
      [id, String(body.name ?? 'unnamed').slice(0, 100), hashOf(key), body.role, actor.sub],
    )
    await audit(actor.sub, 'api_key.created', { id, role: body.role })
    return json(201, { id, key, note: 'The key is told this once' })
  }),
)
app.delete(
  '/api-keys/:id',
  access.allow('identity:write', async ({ params: [id], actor }) => {
    const [ended] = await database.query(
      'update identity.api_keys set ended_at = now() where id::text = $1 and ended_at is null returning id',
      [id],
    )
    if (ended === undefined) throw new Refusal(404, 'There is no such key')
    await audit(actor.sub, 'api_key.ended', ended)
    return { ended: true }
  }),
)
/** A program exchanges its key for a short token. */
app.post('/token', async ({ body }) => {
  const [found] = await database.query(
    `update identity.api_keys set used_at = now() where hash = $1 and ended_at is null returning name, role`,
    [hashOf(String(body.apiKey ?? ''))],
  )
  if (found === undefined) throw new Refusal(401, 'The key is not known')
  return sessions.tokenFor(`key:${found.name}`, found.role)
})

const pruning = setInterval(() => {
  void sessions.prune().catch((error) => app.log.warn('not pruned', { reason: error.message }))
}, pruneEveryMs)
app.onStop(() => clearInterval(pruning))
app.onStop(() => tracer.close())
app.onStop(() => redis.close())
app.onStop(() => database.close())
await app.listen(process.env.PORT, process.env.HOST)
