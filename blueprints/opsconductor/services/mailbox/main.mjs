// The local inbox: takes mail by SMTP and webhooks by HTTP, shows both, and lets nothing out.
import { addInbox } from '../../../shared/inbox.mjs'
import { Counter } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage } from '../../../shared/service.mjs'

const app = createService('mailbox')
const received = new Counter({
  name: 'opsconductor_mailbox_messages_total',
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
app.post('/hook', ({ body, request }) => {
  inbox.keep('webhook', { signature: request.headers['x-signature-256'] ?? null, body })
  return { kept: true }
})
app.delete('/messages', () => {
  inbox.clear()
  return { kept: 0 }
})

await app.listen(process.env.PORT, process.env.HOST)
