// Communication: channels, templates, notifications that are sent until they arrive, and the audit log.
import { randomUUID } from 'node:crypto'
import { openDatabase } from '../../../shared/database.mjs'
import { Counter, Gauge } from '../../../shared/metrics.mjs'
import { openRedis } from '../../../shared/redis.mjs'
import { createService, healthOf, json, metricsPage, Refusal } from '../../../shared/service.mjs'
import { createTracer } from '../../../shared/tracing.mjs'
import { createAccess } from '../../lib/access.mjs'
import { openKeys } from '../../lib/keys.mjs'
import { followAudit } from './audit-log.mjs'
import { createSenders, fillIn } from './senders.mjs'

const triesMax = 5
const tickMs = 500

const app = createService('communication')
const keys = openKeys(process.env.KEYS_FOLDER ?? '/keys')
const database = openDatabase({
  url: keys.withPassword(process.env.DATABASE_URL),
  name: 'opsconductor/communication',
  log: app.log,
})
const tracer = createTracer({
  service: 'communication',
  endpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT,
})
const access = createAccess({ identityUrl: process.env.IDENTITY_URL })
const senders = createSenders({
  host: process.env.SMTP_HOST,
  port: Number(process.env.SMTP_PORT),
  from: process.env.MAIL_FROM,
})
const sent = new Counter({
  name: 'opsconductor_notifications_total',
  help: 'Attempts to send a notification, by kind and outcome',
  labelled: true,
})
const audited = new Counter({
  name: 'opsconductor_audit_entries_total',
  help: 'Audit entries that were written down',
})
const notificationsWaiting = new Gauge({
  name: 'opsconductor_notifications_waiting',
  help: 'Notifications that are still to be sent',
})

await database.createSchema(`
  create schema if not exists communication;
  create table if not exists communication.channels (
    name text primary key check (name ~ '^[a-z][a-z0-9-]{0,62}$'),
    kind text not null check (kind in ('mail', 'webhook')),
    target text not null,
    secret text
  );
  create table if not exists communication.templates (
    name text primary key check (name ~ '^[a-z][a-z0-9-]{0,62}$'),
    subject text not null,
    text text not null
  );
  create table if not exists communication.notifications (
    id uuid primary key,
    channel text not null references communication.channels on delete cascade,
    subject text not null,
    text text not null,
    state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
    tries integer not null default 0,
    next_at timestamptz not null default now(),
    fault text,
    made_at timestamptz not null default now(),
    ended_at timestamptz
  );
  create table if not exists communication.audit (
    id text primary key,
    at timestamptz not null,
    service text not null,
    actor text not null,
    action text not null,
    detail jsonb not null
  );
  create index if not exists audit_at on communication.audit (at);
  insert into communication.channels (name, kind, target) values ('operators', 'mail', 'operators@opsconductor.test')
    on conflict do nothing;
  insert into communication.templates (name, subject, text)
    values ('message', '{{subject}}', '{{text}}') on conflict do nothing;`)

/** Sends what is due, one after the other; what fails is tried again after 1, 4, 9 and 16 seconds. */
const sendDue = async () => {
  const due = await database.query(
    `update communication.notifications n set tries = n.tries + 1,
       next_at = now() + (n.tries + 1) * (n.tries + 1) * interval '1 second'
     from communication.channels c
     where c.name = n.channel and n.id in (
       select id from communication.notifications where state = 'waiting' and next_at <= now()
       order by next_at limit 20 for update skip locked)
     returning n.id, n.subject, n.text, n.tries, c.kind, c.target, c.secret`,
  )
  for (const notification of due) {
    const { id, kind, target, secret, tries } = notification
    const fault = await senders[kind]({ target, secret }, notification).then(
      () => undefined,
      (error) => error.message,
    )
    const state = fault === undefined ? 'sent' : tries >= triesMax ? 'failed' : 'waiting'
    sent.inc({ kind, outcome: fault === undefined ? 'sent' : 'refused' })
    await database.query(
      `update communication.notifications set state = $2, fault = $3,
         ended_at = case when $2 = 'waiting' then null else now() end where id = $1`,
      [id, state, fault ?? null],
    )
  }
}
let isSending = false
const sending = setInterval(() => {
  if (isSending) return
  isSending = true
  void sendDue()
    .catch((error) => app.log.warn('sending waits', { reason: error.message }))
    .finally(() => {
      isSending = false
    })
}, tickMs)

const auditing = followAudit({
  redis: openRedis({ url: process.env.REDIS_URL, timeoutMs: 5000 }),
  ...{ database, log: app.log, onWritten: (count) => audited.inc({}, count) },
})

app.get(
  '/health',
  healthOf(() => database.check()),
)
app.get('/metrics', async () => {
  const [{ count }] = await database.query(
    `select count(*)::int as count from communication.notifications where state = 'waiting'`,
  )
  notificationsWaiting.set(count)
  return metricsPage()
})

app.get(
  '/channels',
  access.allow('communication:read', () =>
    database.query(
      'select name, kind, target, secret is not null as signed from communication.channels order by name limit 1000',
    ),
  ),
)
app.put(
  '/channels/:name',
  access.allow('communication:write', async ({ params: [name], body }) => {
    const { kind, target, secret = null } = body
    if (!['mail', 'webhook'].includes(kind) || typeof target !== 'string') {
      throw new Refusal(400, 'A channel has kind (mail or webhook) and target')
    }
    if (kind === 'webhook' && !/^https?:$/.test(URL.parse(target)?.protocol ?? '')) {
      throw new Refusal(400, 'The target of a webhook is an http or https address')
    }
    await database.query(
      `insert into communication.channels (name, kind, target, secret) values ($1, $2, $3, $4)
     on conflict (name) do update set kind = excluded.kind, target = excluded.target, secret = excluded.secret`,
      [name, kind, target, secret],
    )
    return { name, kind, target }
  }),
)

app.get(
  '/templates',
  access.allow('communication:read', () =>
    database.query(
      'select name, subject, text from communication.templates order by name limit 1000',
    ),
  ),
)
app.put(
  '/templates/:name',
  access.allow('communication:write', async ({ params: [name], body }) => {
    const { subject, text } = body
    if (typeof subject !== 'string' || typeof text !== 'string') {
      throw new Refusal(400, 'A template has subject and text')
    }
    await database.query(
      `insert into communication.templates (name, subject, text) values ($1, $2, $3)
     on conflict (name) do update set subject = excluded.subject, text = excluded.text`,
      [name, subject, text],
    )
    return { name, subject, text }
  }),
)

const notify = async ({ body }) => {
  const { channel, template = 'message', data = {} } = body
  const [found] = await database.query(
    `select t.subject, t.text from communication.templates t, communication.channels c
     where t.name = $1 and c.name = $2`,
    [String(template), String(channel)],
  )
  if (found === undefined)
    throw new Refusal(404, `There is no template ${template} or channel ${channel}`)
  const id = randomUUID()
  await database.query(
    'insert into communication.notifications (id, channel, subject, text) values ($1, $2, $3, $4)',
    [id, channel, fillIn(found.subject, data).slice(0, 500), fillIn(found.text, data)],
  )
  return json(202, { id, state: 'waiting' })
}
app.post('/notifications', tracer.traced('notify', access.allow('communication:send', notify)))
app.get(
  '/notifications/:id',
  access.allow('communication:read', async ({ params: [id] }) => {
    const [found] = await database.query(
      'select * from communication.notifications where id::text = $1',
      [id],
    )
    if (found === undefined) throw new Refusal(404, `There is no notification ${id}`)
    return found
  }),
)

app.get(
  '/audit',
  access.allow('communication:read', ({ query }) =>
    database.query(
      `select at, service, actor, action, detail from communication.audit
     where ($1::text is null or actor = $1) and ($2::text is null or action = $2)
     order by at desc limit 200`,
      [query.get('actor'), query.get('action')],
    ),
  ),
)

app.onStop(() => clearInterval(sending))
app.onStop(() => auditing.stop())
app.onStop(() => tracer.close())
app.onStop(() => database.close())
await app.listen(process.env.PORT, process.env.HOST)
