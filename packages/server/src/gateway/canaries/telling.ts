import { messageOf } from '../../kernel/errors.ts'
import type { GatewayCanary } from '../snapshot.ts'

type TellingDeps = {
  canaries: () => Promise<GatewayCanary[]>
  keep: (canaries: readonly GatewayCanary[]) => Promise<void>
  log: { warn(facts: object, message: string): void }
}

/** Hands decisions on canaries to whoever keeps them; to be called again and again. */
export const createCanaryTelling = ({ canaries, keep, log }: TellingDeps) => {
  let told = '[]'
  return async (): Promise<void> => {
    const all = await canaries()
    // Without their times, which are reckoned anew at each look.
    const text = JSON.stringify(all.map(({ since: _since, ...decided }) => decided))
    if (text === told) return
    try {
      await keep(all)
      told = text
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'decisions on canaries are not kept yet')
    }
  }
}
