import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Clock } from '../../clock.ts'
import type { WebhookTarget } from '../../env-audit.ts'
import { fetchOutgoing, OutgoingError, type OutgoingPolicy } from '../../outgoing/index.ts'
import { errnoOf } from '../../postgres/durable-file.ts'
import { DeliveryError, type Delivery } from './delivery.ts'

const policy: OutgoingPolicy = {
  // Whoever starts the platform chose the address: http only on this machine (`env-audit.ts`).
  ...{ allowHttp: true, allowInternal: true },
  ...{ timeoutMs: 10_000, maxBytes: 64 * 1024, maxRedirects: 0 },
}

/**
 * A batch as JSON lines in one POST, signed as Standard Webhooks 1.0.0 says: `webhook-signature` is
 * HMAC-SHA-256 of `<webhook-id>.<webhook-timestamp>.<body>`. Any 2xx is the acknowledgement; the same
 * batch has the same `webhook-id` whenever it comes.
 */
export const createWebhook = (target: WebhookTarget, { clock }: { clock: Clock }): Delivery => ({
  to: target.origin,
  async send({ id, rows }, stopped) {
    const key = await readSecret(target.secretFile)
    const body = rows.map((row) => `${JSON.stringify(row)}\n`).join('')
    const timestamp = String(Math.floor(clock.now().getTime() / 1000))
    const mac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
    const headers = {
      'content-type': 'application/jsonl; charset=utf-8',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${mac}`,
    }
    const asked = fetchOutgoing(target.url.reveal(), policy, { method: 'POST', headers, body })
    const { status } = await orStopped(asked, stopped).catch((error: unknown) => {
      throw new DeliveryError(reasonOf(error), { cause: error })
    })
    if (status < 200 || status > 299) throw new DeliveryError(`it was answered with ${status}`)
  },
})

/** As `whsec_` and 24 to 64 bytes in base64; read anew each time, so that it can be changed. */
const readSecret = async (path: string): Promise<Buffer> => {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const reason = errnoOf(error) ?? 'an error'
    throw new DeliveryError(`its secret file cannot be read: ${reason}`, { cause: error })
  })
  const [, encoded = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text.trim()) ?? []
  const key = Buffer.from(encoded, 'base64')
  if (key.length >= 24 && key.length <= 64) return key
  throw new DeliveryError('its secret file holds no whsec_ and 24 to 64 bytes in base64')
}

/** Messages that may hold the path of the address are not passed on. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof OutgoingError)) return 'it could not be sent'
  if (error.reason === 'timeout' || error.reason === 'unreachable') return error.message
  return error.reason === 'redirect' ? 'it redirects' : 'its answer is not of use'
}

/** The request itself ends by its own time. */
const orStopped = async <T>(asked: Promise<T>, stopped: AbortSignal): Promise<T> => {
  stopped.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(stopped.reason)
  stopped.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([asked, promise])
  } finally {
    stopped.removeEventListener('abort', stop)
  }
}
