import type { Clock } from '../../kernel/clock.ts'
import { digestOf } from '../../kernel/digest.ts'
import type { Service } from '../config/model.ts'
import type { SplitTuning } from '../config/tuning.ts'
import type { GatewayCanary, GatewayDocument } from '../snapshot.ts'
import type { CanaryState } from './balance/policies/canary.ts'
import { createSplit, type Split } from './balance/policies/split.ts'
import { createCanaryRun, type CanaryRun } from './canary-run.ts'
import type { ProxyLog } from './chain/instances.ts'

/** A split as it goes on. */
export type RunningSplit = { split: Split; canary: CanaryRun | null }

type Named = Pick<GatewayCanary, 'manager' | 'service' | 'split'>

/** Splits of all services; known by what they say alone, they outlive all other changes. */
export const createSplits = ({ clock, log }: { clock: Clock; log: ProxyLog }) => {
  let running = new Map<string, RunningSplit & { named: Named }>()
  let kept = new Map<string, GatewayCanary>()

  const start = (named: Named, { name, id }: Service, tuning: SplitTuning): RunningSplit => {
    const split = createSplit(tuning)
    if (tuning.canary === undefined) return { split, canary: null }
    const canary = createCanaryRun({
      ...{ tuning: tuning.canary, split, nowMs: clock.monotonicMs() },
      onDecision: ({ outcome, percent, reason }) => {
        const facts = { service: name ?? id, percent, reason }
        log[outcome === 'moving' ? 'info' : 'warn'](facts, `canary ${words[outcome]}`)
      },
    })
    const before = kept.get(keyOf(named))
    if (before !== undefined) canary.adopt(stateOf(before))
    return { split, canary }
  }

  /** Times of a snapshot are those of the wall, and may be ahead of ours. */
  const stateOf = ({ since, ...state }: GatewayCanary): CanaryState => {
    const agoMs = Math.max(0, clock.now().getTime() - Date.parse(since))
    return { ...state, sinceMs: clock.monotonicMs() - agoMs }
  }

  return {
    /** Null when the service is not split. */
    of({ manager }: GatewayDocument, service: Service): RunningSplit | null {
      const tuning = service['x-keelson'].split
      if (tuning === undefined) return null
      const named = { manager, service: service.id, split: splitDigest(tuning) }
      const key = keyOf(named)
      const known = running.get(key)
      if (known !== undefined) return known
      const made = { ...start(named, service, tuning), named }
      running.set(key, made)
      return made
    },

    /** Takes over what is kept of canaries, of those that begin later, too. */
    adopt(canaries: readonly GatewayCanary[]): void {
      kept = new Map(canaries.map((canary) => [keyOf(canary), canary]))
      for (const [key, { canary }] of running) {
        const decided = kept.get(key)
        if (decided !== undefined) canary?.adopt(stateOf(decided))
      }
    },

    /** Forgets those that are not in these documents. */
    keep(documents: readonly GatewayDocument[]): void {
      const next: typeof running = new Map()
      for (const { manager, config } of documents) {
        for (const { id, 'x-keelson': tuning } of config.services) {
          if (tuning.split === undefined) continue
          const key = keyOf({ manager, service: id, split: splitDigest(tuning.split) })
          const known = running.get(key)
          if (known !== undefined) next.set(key, known)
        }
      }
      running = next
    },

    sweep(nowMs: number): void {
      for (const { canary } of running.values()) canary?.sweep(nowMs)
    },

    canaries(): GatewayCanary[] {
      const aheadMs = clock.now().getTime() - clock.monotonicMs()
      return [...running.values()].flatMap(({ canary, named }) => {
        if (canary === null) return []
        const { sinceMs, ...state } = canary.state()
        return [{ ...named, ...state, since: new Date(sinceMs + aheadMs).toISOString() }]
      })
    },
  }
}

export type Splits = ReturnType<typeof createSplits>

const words = { moving: 'goes on', promoted: 'promoted', 'rolled back': 'rolled back' }

const keyOf = ({ manager, service, split }: Named): string => `${manager}\n${service}\n${split}`

/** Tells splits of one service apart; the database gives their fields in another order. */
export const splitDigest = (split: SplitTuning): string => digestOf(split)
