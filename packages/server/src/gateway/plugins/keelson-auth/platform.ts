import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Assertion, Problem } from '@keelson/contract'
import type { Clock } from '../../../kernel/clock.ts'
import { fetchOutgoing } from '../../../kernel/outgoing/index.ts'

/** What a caller proves who they are with, as the platform takes it. */
export type Proof = { authorization: string } | { cookie: string }
/** `address` of the client: a credential may be bound to networks. */
export type Asked = { object: string; permission: string | null; address: string }
export type Verdict =
  | { kind: 'known'; assertion: Assertion }
  | { kind: 'refused'; status: number; message: string }

/** What is taken away there is gone here too in less than a second. */
const believedMs = 500
/** As many callers are remembered; a caller beyond them is asked about again. */
const believedMax = 10_000
const timeoutMs = 5000
const answerMaxBytes = 64 * 1024

type Believed = { verdict: Promise<Verdict>; fromMs: number }

/** Asks the platform who somebody is, at most twice a second for each caller and address. */
export const createPlatform = (origin: string, clock: Clock) => {
  const believed = new LRUCache<string, Believed>({ max: believedMax })

  const ask = async (proof: Proof, asked: Asked): Promise<Verdict> => {
    const { status, body } = await fetchOutgoing(
      `${origin}/api/v1/session/assertions`,
      { allowHttp: true, allowInternal: true, timeoutMs, maxBytes: answerMaxBytes },
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...proof },
        body: JSON.stringify({
          ...{ object: asked.object, address: asked.address },
          ...(asked.permission === null ? {} : { permission: asked.permission }),
        }),
      },
    )
    const answer: unknown = JSON.parse(body.toString('utf8'))
    if (status === 200) return { kind: 'known', assertion: answer as Assertion }
    if (status >= 500) throw new Error(`the platform answered ${status}`)
    return { kind: 'refused', status, message: (answer as Problem).detail }
  }

  return (proof: Proof, asked: Asked): Promise<Verdict> => {
    const key = createHash('sha256')
      .update(JSON.stringify([proof, asked.object, asked.permission, asked.address]))
      .digest('base64')
    const nowMs = clock.monotonicMs()
    const known = believed.get(key)
    if (known !== undefined && nowMs - known.fromMs < believedMs) return known.verdict
    const verdict = ask(proof, asked)
    believed.set(key, { verdict, fromMs: nowMs })
    verdict.catch(() => believed.delete(key)) // a platform that is away is asked again at once
    return verdict
  }
}
