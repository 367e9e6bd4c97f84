import { LRUCache } from 'lru-cache'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { networkOf } from '../../kernel/network.ts'

/** Each is a row for five minutes: so many of one network, and of all. */
const ofNetworkMax = 200
const ofAllMax = 20_000
const windowMs = 5 * 60_000
const networksMax = 10_000

export type Budget = {
  /** Throws AppError `sign_in_delayed` when this network, `sign_in_busy` when all have begun too much. */
  spend(address: string | null): void
}

/** How many passkey ceremonies strangers may begin: counted in windows of five minutes. */
export const createBudget = (clock: Clock): Budget => {
  const ofNetwork = new LRUCache<string, number>({ max: networksMax })
  let ofAll = 0
  let window = -1

  return {
    spend(address) {
      const nowMs = clock.monotonicMs()
      const present = Math.floor(nowMs / windowMs)
      if (present !== window) {
        window = present
        ofAll = 0
        ofNetwork.clear()
      }
      const network = networkOf(address)
      const count = ofNetwork.get(network) ?? 0
      if (count >= ofNetworkMax) {
        const seconds = Math.ceil(((present + 1) * windowMs - nowMs) / 1000)
        const message = `Too many attempts: try again in ${seconds} s`
        throw new AppError('sign_in_delayed', { message, seconds })
      }
      if (ofAll >= ofAllMax) throw new AppError('sign_in_busy')
      ofNetwork.set(network, count + 1)
      ofAll += 1
    },
  }
}
