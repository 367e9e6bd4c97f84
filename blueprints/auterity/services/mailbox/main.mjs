// The local inbox: takes mail over SMTP and Slack's messages over HTTP, and shows them. It sends nothing on.
import { Counter } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage, Refusal } from '../../../shared/service.mjs'
import { listenForMail } from '../../../shared/smtp-inbox.mjs'
import { openTelemetry } from '../../lib/telemetry.mjs'

const taken = new Counter({
  name: 'mailbox_messages_total',
  help: 'Messages that were taken, by kind',
  labelled: true,
})
/** The newest are kept, in memory. */
const messagesMax = 200
const telemetry = openTelemetry('mailbox', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('mailbox', telemetry)
const messages = []
let nextId = 1

const keep = (kind, message) => {
  messages.unshift({ id: nextId, kind, at: new Date().toISOString(), ...message })
  nextId += 1
  messages.length = Math.min(messages.length, messagesMax)
  taken.inc({ kind })
  app.log.info('message taken', { kind, to: message.to })
}

const smtp = await listenForMail({
  port: Number(process.env.SMTP_PORT ?? 1025),
  host: process.env.HOST ?? '127.0.0.1',
  onMail: ({ from, to, subject, text }) => keep('mail', { from, to: to.join(', '), subject, text }),
})

app.get(
  '/health',
  healthOf(() => {
    if (!smtp.listening) throw new Error('SMTP is not listening')
    return { messages: messages.length }
  }),
)
app.get('/metrics', metricsPage)
app.get('/messages', () => ({ messages: messages.map(({ text: _text, ...head }) => head) }))
app.get('/messages/:id', ({ params: [id] }) => {
  const found = messages.find((message) => message.id === Number(id))
  if (found === undefined) throw new Refusal(404, `There is no message ${id}`)
  return found
})
app.delete('/messages', () => {
  const removed = messages.splice(0).length
  return { removed }
})
// Alertmanager sends attachments, a workflow its text.
app.post('/slack', ({ body }) => {
  const parts = (body.attachments ?? []).map(({ title, text }) => `${title ?? ''}\n${text ?? ''}`)
  const text = [body.text, ...parts].filter(Boolean).join('\n')
  keep('slack', { to: body.channel ?? 'webhook', subject: text.split('\n')[0], text })
  return { ok: true }
})
app.onStop(() => smtp.close())
app.onStop(telemetry.close)
await app.listen(process.env.PORT, process.env.HOST)
