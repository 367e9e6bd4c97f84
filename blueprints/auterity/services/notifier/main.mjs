// Sends what workflows have to say: mail over SMTP, messages to Slack.
import net from 'node:net'
import { Counter } from '../../../shared/metrics.mjs'
import { createService, healthOf, metricsPage, Refusal } from '../../../shared/service.mjs'
import { sendMail } from '../../../shared/smtp.mjs'
import { readSecret } from '../../lib/secret-file.mjs'
import { ask, openTelemetry } from '../../lib/telemetry.mjs'

const sent = new Counter({
  name: 'notifier_sent_total',
  help: 'Notifications by channel and result',
  labelled: true,
})
const mailServer = new URL(process.env.MAIL_URL ?? 'smtp://127.0.0.1:1025')
const host = mailServer.hostname
const port = Number(mailServer.port || 25)
const from = process.env.MAIL_FROM ?? 'auterity@auterity.example'
const slackUrl = readSecret(process.env.SLACK_URL_FILE)
const telemetry = openTelemetry('notifier', {
  traces: process.env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  logs: process.env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT,
})
const app = createService('notifier', telemetry)

const channels = {
  mail: ({ to, subject = 'Auterity', text }) => {
    if (typeof subject !== 'string') throw new Refusal(400, 'subject: a text')
    if (!/^[^@\s<>]{1,64}@[^@\s<>]{1,190}$/.test(to ?? '')) {
      throw new Refusal(400, 'to: a mail address')
    }
    return sendMail({ host, port, from, to, subject: subject.slice(0, 200), text })
  },
  // https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
  slack: ({ text }) => ask('slack', slackUrl, { method: 'POST', body: { text } }),
}

/** Is there somebody who takes mail? */
const checkMail = () =>
  new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`the mail server at ${host}:${port}: ${why}`))
    const socket = net.connect({ host, port, timeout: 2000 })
    socket.once('error', (error) => fail(error.code ?? error.message))
    socket.once('timeout', () => socket.destroy(new Error('no greeting')))
    socket.once('data', (greeting) => {
      socket.end('QUIT\r\n')
      if (greeting.toString('latin1').startsWith('220')) resolve()
      else fail('it does not greet')
    })
  })

const notify = async ({ channel, text, ...message }) => {
  const send = Object.hasOwn(channels, channel) ? channels[channel] : undefined
  if (send === undefined) throw new Refusal(400, 'channel: mail or slack')
  if (typeof text !== 'string' || text === '' || text.length > 40_000) {
    throw new Refusal(400, 'text: 1 to 40000 characters')
  }
  try {
    await send({ ...message, text })
    sent.inc({ channel, result: 'sent' })
    return { channel, result: 'sent' }
  } catch (error) {
    sent.inc({ channel, result: 'failed' })
    throw error instanceof Refusal ? error : new Refusal(503, `not sent: ${error.message}`)
  }
}

app.get('/health', healthOf(checkMail))
app.get('/metrics', metricsPage)
app.post('/notifications', ({ body }) => notify(body))
app.onStop(telemetry.close)
await app.listen(process.env.PORT, process.env.HOST)
