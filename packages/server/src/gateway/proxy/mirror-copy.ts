import { InternalClient } from './chain/internal-client.ts'
import type { ExchangeParts, ExchangeWatch } from './exchange-parts.ts'

/**
 * The copy of a request for the mirror of its service, or null when it is not its turn. `body` is
 * the whole one; its answer is read away, and never waited for.
 */
export const mirrorCopy = (
  { client: outer, target, head, ask }: ExchangeParts,
  body: Buffer | null,
  nowMs: number,
): ExchangeParts | null => {
  const tuned = target.policies === null ? null : target.policies.mirror
  if (tuned === null) return null
  const { mirror, service } = tuned
  const variant = target.variants.get(service)
  if (variant === undefined || !mirror.take(outer.bodyLength === 0 ? 0 : (body?.length ?? null))) {
    return null
  }
  const { method, headers } = outer
  const client = new InternalClient(outer, { method, headers, body })
  client.answer.then(
    (answer) => {
      answer.body.on('close', () => mirror.done())
      answer.body.on('error', () => {})
      answer.body.resume()
    },
    () => mirror.done(),
  )
  const watch: ExchangeWatch = {
    onAttempt: () => {},
    onOutcome: () => {},
    onFailure: (code) => client.fail(code),
    onTunnelEnd: () => {},
  }
  return { client, target: variant.target, head, ask, startedMs: nowMs, watch }
}
