// The local inbox: takes mail by SMTP and webhooks by HTTP, shows both, and lets nothing out.
import { Counter } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage } from '../../../shared/service.mjs'
import { listenForMail } from '../../../shared/smtp-inbox.mjs'

const keptMax = 500

const app = createService('mailbox')
const messages = []
const received = new Counter({
  name: 'opsconductor_mailbox_messages_total',
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
app.post('/hook', ({ body, request }) => {
  keep('webhook', { signature: request.headers['x-signature-256'] ?? null, body })
  return { kept: true }
})
app.delete('/messages', () => {
  messages.length = 0
  return { kept: 0 }
})

app.onStop(() => smtp.close())
await app.listen(process.env.PORT, process.env.HOST)
