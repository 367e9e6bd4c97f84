// Where all alerts end up on one machine: mail by SMTP, and what would go to Slack, PagerDuty and a webhook.
import { Counter } from '../../../shared/metrics.mjs'
import { createService, healthOf, json, metricsPage } from '../../../shared/service.mjs'
import { listenForMail } from '../../../shared/smtp-inbox.mjs'

const keptMax = 500

const app = createService('inbox')
const messages = []
const received = new Counter({
  name: 'forge_inbox_messages_total',
  help: 'Messages that came in, by kind',
  labelled: true,
})
const keep = (kind, message) => {
  received.inc({ kind })
  messages.unshift({ kind, at: new Date().toISOString(), ...message })
  messages.length = Math.min(messages.length, keptMax)
}

const smtp = await listenForMail({
  port: Number(process.env.SMTP_PORT ?? 1025),
  host: process.env.HOST ?? '127.0.0.1',
  onMail: ({ from, to, subject, text }) => keep('mail', { from, to, subject, text }),
})

app.get(
  '/health',
  healthOf(() => {
    if (!smtp.listening) throw new Error('SMTP is not listening')
  }),
)
app.get('/metrics', metricsPage)
app.get('/messages', ({ query }) => {
  const kind = query.get('kind')
  return { messages: messages.filter((one) => kind === null || one.kind === kind).slice(0, 100) }
})
app.post('/slack', ({ body }) => {
  keep('slack', { body })
  return { ok: true }
})
// https://developer.pagerduty.com/docs/events-api-v2/overview/
app.post('/v2/enqueue', ({ body }) => {
  keep('pagerduty', { action: body.event_action, summary: body.payload?.summary })
  return json(202, { status: 'success', message: 'Event processed', dedup_key: body.dedup_key })
})
app.post('/hook', ({ body }) => {
  keep('webhook', { body })
  return { kept: true }
})

app.onStop(() => smtp.close())
await app.listen(process.env.PORT, process.env.HOST)
