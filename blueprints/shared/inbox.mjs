// A local inbox: keeps what comes in, the newest in memory, and shows it.
import { listenForMail } from './smtp-inbox.mjs'

const pageMax = 100

/**
 * Listens for mail, and adds `GET /messages?kind=` to a service.
 * @param {ReturnType<import('./service.mjs').createService>} app
 * @param {object} options
 * @param {number} options.port of SMTP
 * @param {string} options.host
 * @param {import('./metrics.mjs').Counter} options.received counts messages by kind
 * @param {number} [options.keptMax] the oldest messages go first
 */
export const addInbox = async (app, { port, host, received, keptMax = 500 }) => {
  const messages = []
  /** One that came in another way than by mail. */
  const keep = (kind, message) => {
    received.inc({ kind })
    messages.unshift({ kind, at: new Date().toISOString(), ...message })
    messages.length = Math.min(messages.length, keptMax)
  }
  const smtp = await listenForMail({
    port,
    host,
    onMail: ({ from, to, subject, text }) => keep('mail', { from, to, subject, text }),
  })

  app.get('/messages', ({ query }) => {
    const kind = query.get('kind')
    const found = messages.filter((one) => kind === null || one.kind === kind)
    return { messages: found.slice(0, pageMax) }
  })
  app.onStop(() => smtp.close())

  return {
    keep,
    clear: () => {
      messages.length = 0
    },
    check: () => {
      if (!smtp.listening) throw new Error('SMTP is not listening')
    },
  }
}
