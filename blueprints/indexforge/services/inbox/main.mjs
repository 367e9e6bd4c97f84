// Where all alerts end up on one machine: mail by SMTP, and what would go to Slack, PagerDuty and a webhook.
import { addInbox } from '../../../shared/inbox.mjs'
import { Counter } from '../../../shared/metrics.mjs'
import { createService, healthOf, json, metricsPage } from '../../../shared/service.mjs'

const app = createService('inbox')
const received = new Counter({
  name: 'forge_inbox_messages_total',
  help: 'Messages that came in, by kind',
  labelled: true,
})
const inbox = await addInbox(app, {
  port: Number(process.env.SMTP_PORT ?? 1025),
  host: process.env.HOST ?? '127.0.0.1',
  received,
})

app.get(
  '/health',
  healthOf(() => inbox.check()),
)
app.get('/metrics', metricsPage)
app.post('/slack', ({ body }) => {
  inbox.keep('slack', { body })
  return { ok: true }
})
// https://developer.pagerduty.com/docs/events-api-v2/overview/
app.post('/v2/enqueue', ({ body }) => {
  inbox.keep('pagerduty', { action: body.event_action, summary: body.payload?.summary })
  return json(202, { status: 'success', message: 'Event processed', dedup_key: body.dedup_key })
})
app.post('/hook', ({ body }) => {
  inbox.keep('webhook', { body })
  return { kept: true }
})

await app.listen(process.env.PORT, process.env.HOST)
