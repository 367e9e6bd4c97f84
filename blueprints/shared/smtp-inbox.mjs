// Takes every mail and keeps it: the local inbox behind a stack that sends.
import net from 'node:net'

const mailLimitBytes = 1024 * 1024
const lineLimitBytes = 4096
const idleMs = 60_000

/**
 * Listens for SMTP (RFC 5321, without TLS and login).
 * @param {object} options
 * @param {number} options.port
 * @param {string} options.host
 * @param {(mail: { from: string, to: string[], subject: string, text: string, headers: Record<string, string> }) => void} options.onMail
 * @returns {Promise<net.Server>}
 */
export const listenForMail = async ({ port, host, onMail }) => {
  const server = net.createServer((socket) => converse(socket, onMail))
  server.maxConnections = 100
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return server
}

const converse = (socket, onMail) => {
  const say = (line) => socket.write(`${line}\r\n`)
  let envelope = { from: '', to: [] }
  let lines
  let size = 0
  let kept = ''

  const endOfMail = () => {
    if (size > mailLimitBytes) say('552 5.3.4 the mail is above 1 MiB')
    else {
      onMail({ ...envelope, ...parsedMail(lines) })
      say('250 2.0.0 kept')
    }
    envelope = { from: '', to: [] }
    lines = undefined
  }

  const takeData = (line) => {
    if (line === '.') return endOfMail()
    size += line.length + 2
    if (size <= mailLimitBytes) lines.push(line.startsWith('.') ? line.slice(1) : line)
  }

  const takeCommand = (line) => {
    const [verb] = line.toUpperCase().split(/[ :]/, 1)
    const address = /<([^>]*)>/.exec(line)?.[1] ?? ''
    if (verb === 'EHLO') return say('250-inbox\r\n250-8BITMIME\r\n250 SIZE 1048576')
    if (verb === 'HELO' || verb === 'NOOP') return say('250 2.0.0 ok')
    if (verb === 'RSET' || verb === 'MAIL') {
      envelope = { from: address, to: [] }
      return say('250 2.1.0 ok')
    }
    if (verb === 'RCPT') {
      if (envelope.to.length >= 100) return say('452 4.5.3 too many recipients')
      envelope.to.push(address)
      return say('250 2.1.5 ok')
    }
    if (verb === 'DATA' && envelope.to.length === 0) return say('503 5.5.1 RCPT comes first')
    if (verb === 'DATA') {
      lines = []
      size = 0
      return say('354 end with a dot on a line of its own')
    }
    if (verb === 'QUIT') return socket.end('221 2.0.0 bye\r\n')
    return say('502 5.5.2 not known here')
  }

  socket.setEncoding('utf8')
  socket.setTimeout(idleMs, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    const parts = (kept + chunk).split(/\r?\n/)
    kept = parts.pop() ?? ''
    if (kept.length > lineLimitBytes && lines === undefined) return socket.destroy()
    if (kept.length > mailLimitBytes) return socket.destroy()
    for (const line of parts) {
      if (lines === undefined) takeCommand(line)
      else takeData(line)
    }
  })
  say('220 inbox ready')
}

const parsedMail = (lines) => {
  const end = lines.indexOf('')
  const head = (end === -1 ? lines : lines.slice(0, end)).join('\n').replaceAll(/\n[ \t]+/g, ' ')
  const headers = Object.fromEntries(
    head.split('\n').flatMap((line) => {
      const colon = line.indexOf(':')
      return colon === -1
        ? []
        : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]]
    }),
  )
  const text = end === -1 ? '' : lines.slice(end + 1).join('\n')
  return { headers, subject: wordsOf(headers.subject ?? ''), text }
}

/** RFC 2047: `=?utf-8?B?…?=` and `=?utf-8?Q?…?=`. */
const wordsOf = (text) =>
  text.replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind, value) =>
    kind.toLowerCase() === 'b'
      ? Buffer.from(value, 'base64').toString('utf8')
      : Buffer.from(
          value
            .replaceAll('_', ' ')
            .replaceAll(/=([0-9A-F]{2})/gi, (__, hex) =>
              String.fromCodePoint(Number.parseInt(hex, 16)),
            ),
          'latin1',
        ).toString('utf8'),
  )
