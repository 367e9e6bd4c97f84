// How a notification leaves: as a mail, or as a signed POST.
import { createHmac } from 'node:crypto'
import { sendMail } from '../../../shared/smtp.mjs'

const timeoutMs = 5000

/**
 * @param {{ host: string, port: number, from: string }} smtp
 * @returns for each kind of channel a function that sends, and throws when it could not
 */
export const createSenders = (smtp) => ({
  mail: (channel, { subject, text }) =>
    sendMail({ ...smtp, to: channel.target, subject, text, timeoutMs }),
  webhook: async (channel, { id, subject, text }) => {
    const body = JSON.stringify({ id, subject, text })
    const signature = createHmac('sha256', channel.secret ?? '')
      .update(body)
      .digest('hex')
    const answer = await fetch(channel.target, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'x-signature-256': `sha256=${signature}` },
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
    })
    await answer.body?.cancel()
    if (!answer.ok) throw new Error(`the webhook answered ${answer.status}`)
  },
})

/** `{{name}}` becomes what the data says, and nothing where it says nothing. */
export const fillIn = (template, data) =>
  template.replaceAll(/\{\{\s*([\w.]{1,100})\s*\}\}/g, (_, name) => String(data[name] ?? ''))
