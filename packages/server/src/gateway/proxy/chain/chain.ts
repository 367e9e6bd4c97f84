import { LRUCache } from 'lru-cache'

import type { Consumer } from '../../config/model.ts'
import type { ConsumerIndex } from '../../plugins/plugin.ts'
import { limits } from '../limits.ts'
import type { Bound } from './instances.ts'

/** Plugins that apply to a caller, made ready once. */
export type Slots = {
  /** By priority; null where a plugin has nothing for this request. */
  readonly all: readonly (Bound | null)[]
  readonly hooks: Hooks
}

/** Of plugins that apply those that have each hook, so that no request asks the others. */
export type Hooks = {
  readonly received: readonly Bound[]
  readonly response: readonly Bound[]
  readonly log: readonly Bound[]
}

export const slotsOf = (all: readonly (Bound | null)[]): Slots => ({ all, hooks: hooksOf(all) })

export const hooksOf = (all: readonly (Bound | null)[]): Hooks => {
  const applied = all.filter((bound) => bound !== null)
  return {
    received: applied.filter(({ instance }) => instance.received !== undefined),
    response: applied.filter(({ instance }) => instance.response !== undefined),
    log: applied.filter(({ instance }) => instance.log !== undefined),
  }
}

/** The plugins of a route, for callers that are not known and for each consumer. */
export class Chain {
  readonly consumers: ConsumerIndex
  /** What applies as long as nobody is known. */
  readonly base: Slots
  private readonly resolve: ((consumerId: string) => Slots | null) | null
  /** Null as long as nobody needs it: such a cache takes 2 ms to make, and a route may have a chain of its own. */
  private byConsumer: LRUCache<string, Slots> | null = null
  private readonly onRunning: (change: 1 | -1) => void

  constructor(parts: {
    consumers: ConsumerIndex
    base: Slots
    /** Null: no consumer has plugins of its own here, or this one has none. */
    resolve: ((consumerId: string) => Slots | null) | null
    onRunning: (change: 1 | -1) => void
  }) {
    this.consumers = parts.consumers
    this.base = parts.base
    this.resolve = parts.resolve
    this.onRunning = parts.onRunning
  }

  /** Slots in the same places, with the consumer's own plugins in them. */
  for({ id }: Consumer): Slots {
    if (this.resolve === null) return this.base
    const known = this.byConsumer?.get(id)
    if (known !== undefined) return known
    const own = this.resolve(id)
    if (own === null) return this.base
    this.byConsumer ??= new LRUCache({ max: limits.consumerChains })
    this.byConsumer.set(id, own)
    return own
  }

  /** Plugins are not closed as long as a request is among them. */
  enter(): void {
    this.onRunning(1)
  }

  leave(): void {
    this.onRunning(-1)
  }
}
