import { createHash, hkdfSync } from 'node:crypto'

/** Name, HMAC and AES key of session tickets (tls.Server.setTicketKeys). */
const ticketKeyBytes = 48

/** Tickets of a longer time ago lead to a whole handshake. */
const ticketKeyLifeMs = 12 * 3_600_000

/**
 * The keys of session tickets at this time: the same for all who share the secret, without a word
 * between them. Other authorities for the certificates of clients have other keys, since a ticket
 * says that a certificate was good.
 */
export const ticketKeysAt = (secret: Buffer, nowMs: number, authorities: readonly string[]) => {
  const trust = createHash('sha256').update(JSON.stringify(authorities)).digest('hex')
  const period = Math.floor(nowMs / ticketKeyLifeMs)
  const info = `keelson session tickets\n${period}\n${trust}`
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, ticketKeyBytes))
}
