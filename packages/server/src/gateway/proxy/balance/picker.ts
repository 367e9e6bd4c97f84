import type { Upstream } from '../../config/model.ts'
import type { BalanceAsk } from './balancing.ts'
import type { Choice } from './choice/choice.ts'
import { createHashRing } from './choice/hash-ring.ts'
import { createLeastConnections } from './choice/least-connections.ts'
import { createRoundRobin } from './choice/round-robin.ts'
import { createTwoChoices } from './choice/two-choices.ts'
import type { Endpoint } from './endpoint.ts'
import { compileHashInputs } from './hash-input.ts'
import type { PoolTarget } from './pool-target.ts'
import { createSticky, hashCookieFor } from './sticky.ts'

/** The algorithm of an upstream, with its cookies. */
export type Picker = {
  enrol(targets: readonly PoolTarget[]): void
  use(candidates: readonly PoolTarget[]): void
  pick(ask: BalanceAsk, tried: readonly Endpoint[]): PoolTarget | undefined
  onLoad(target: PoolTarget): void
  stickyCookie(ask: BalanceAsk, endpoint: Endpoint): string | undefined
}

export const compilePicker = (upstream: Upstream | null, key: string, secret: string): Picker => {
  const { choice, cookieFor } = compileChoice(upstream)
  const tuning = upstream?.['x-keelson'].sticky
  if (tuning === undefined) return pickerOf(choice, cookieFor)
  const sticky = createSticky(tuning, key, secret)
  return {
    ...pickerOf(choice, (ask, endpoint) => sticky.cookieFor(ask, endpoint)),
    enrol(targets) {
      const weighty = targets.filter(({ weight }) => weight > 0)
      sticky.enrol(weighty)
      choice.enrol?.(weighty)
    },
    pick(ask, tried) {
      const kept = sticky.find(ask)
      if (kept !== undefined && kept.usable && kept.isFree(ask.nowMs, tried)) return kept
      return choice.choose(ask, tried)
    },
  }
}

type CookieFor = Picker['stickyCookie']

const pickerOf = (choice: Choice, stickyCookie: CookieFor): Picker => ({
  enrol: (targets) => choice.enrol?.(targets.filter(({ weight }) => weight > 0)),
  use: (candidates) => choice.use(candidates),
  pick: (ask, tried) => choice.choose(ask, tried),
  onLoad: (target) => choice.onLoad?.(target),
  stickyCookie,
})

const noCookie: CookieFor = () => undefined

const compileChoice = (upstream: Upstream | null): { choice: Choice; cookieFor: CookieFor } => {
  switch (upstream?.algorithm) {
    case 'consistent-hashing': {
      const inputs = compileHashInputs(upstream)
      const ring = createHashRing(upstream.slots, inputs.textOf)
      return {
        choice: ring,
        cookieFor: (ask, endpoint) => hashCookieFor(inputs, ring, ask, endpoint),
      }
    }
    case 'least-connections':
      return { choice: createLeastConnections(), cookieFor: noCookie }
    case 'latency':
      return { choice: createTwoChoices(), cookieFor: noCookie }
    case 'round-robin':
    case undefined:
      return { choice: createRoundRobin(), cookieFor: noCookie }
  }
}
