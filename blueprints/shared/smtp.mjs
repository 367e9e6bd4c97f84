// Sends a mail: as much of RFC 5321 as a relay of one's own needs, without TLS and login.
import { randomUUID } from 'node:crypto'
import net from 'node:net'

const answerLimitBytes = 16 * 1024

/**
 * Hands one plain-text mail over. Rejects with the server's own words when it refuses.
 * @param {object} mail
 * @param {string} mail.host
 * @param {number} mail.port
 * @param {string} mail.from
 * @param {string} mail.to
 * @param {string} mail.subject
 * @param {string} mail.text
 * @param {number} [mail.timeoutMs]
 */
export const sendMail = async ({ host, port, from, to, subject, text, timeoutMs = 5000 }) => {
  for (const address of [from, to]) {
    if (!/^[^\s<>@]+@[^\s<>@]+$/.test(address)) throw new Error(`not a mail address: ${address}`)
  }
  const socket = net.connect({ host, port })
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer in ${timeoutMs} ms`)))
  socket.setEncoding('utf8')
  const answers = answersOf(socket)
  const expect = async (code, line) => {
    if (line !== undefined) socket.write(`${line}\r\n`)
    const { value: answer, done } = await answers.next()
    if (done) throw new Error('the mail server hung up')
    if (!answer.startsWith(code)) throw new Error(`the mail server refused: ${answer}`)
  }
  try {
    await expect('220')
    await expect('250', 'EHLO localhost')
    await expect('250', `MAIL FROM:<${from}>`)
    await expect('250', `RCPT TO:<${to}>`)
    await expect('354', 'DATA')
    await expect('250', `${messageOf({ from, to, subject, text })}\r\n.`)
    socket.write('QUIT\r\n')
  } finally {
    socket.end()
  }
}

const messageOf = ({ from, to, subject, text }) =>
  [
    `From: <${from}>`,
    `To: <${to}>`,
    `Subject: =?utf-8?B?${Buffer.from(subject).toString('base64')}?=`,
    `Date: ${new Date().toUTCString()}`,
    `Message-ID: <${randomUUID()}@localhost>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    // A line that begins with a dot would end the mail.
    ...text.split(/\r?\n/).map((line) => (line.startsWith('.') ? `.${line}` : line)),
  ].join('\r\n')

/** The last line of each answer; `250-` says that another line follows. */
async function* answersOf(socket) {
  let kept = ''
  for await (const chunk of socket) {
    kept += chunk
    if (kept.length > answerLimitBytes) throw new Error('an answer without an end')
    const lines = kept.split('\r\n')
    kept = lines.pop() ?? ''
    for (const line of lines) if (/^\d{3} /.test(line)) yield line
  }
}
