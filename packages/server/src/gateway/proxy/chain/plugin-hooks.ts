import type { ExchangeRecord, GatewayAnswer } from '../../plugins/plugin.ts'
import type { OwnErrorCode } from '../kong-answer.ts'
import type { ChainResponse } from './chain-response.ts'
import { hooksOf, type Hooks, type Slots } from './chain.ts'
import type { Bound } from './instances.ts'
import { PluginView } from './plugin-view.ts'

/** Which hooks run for one request, and in which order. */
export abstract class PluginHooks extends PluginView {
  /**
   * Plugins that apply, in their order, as far as the request has come among them; as in Kong also
   * those after one that has answered. Null: all of the slots it began with.
   */
  private applied: Bound[] | null = null
  /** How many of the slots it has passed. */
  private passed = 0
  private hooks: Hooks | null = null
  protected own: GatewayAnswer | null = null
  protected inAccess = true
  protected error: OwnErrorCode | null = null
  protected closed = false

  /** All access hooks have run, or the client has left. */
  protected abstract onPassed(): void
  protected abstract record(): ExchangeRecord

  /** No access hook runs: the answer is there before. */
  protected passAll(): void {
    this.passed = this.slots.all.length
    this.inAccess = false
  }

  protected access(from: number): void {
    for (let at = from; at < this.slots.all.length && !this.closed; at += 1) {
      this.passed = at + 1
      const bound = this.slots.all[at] ?? null
      if (bound === null) continue
      this.applied?.push(bound)
      if (this.own !== null || bound.instance.access === undefined) continue
      const waiting = this.accessOf(bound)
      if (waiting === undefined) continue
      return this.accessAfter(waiting, bound)
    }
    this.onPassed()
  }

  /** Apart: closures in a loop make an object of each of its turns, also of those that need none. */
  private accessAfter(waiting: Promise<void>, bound: Bound): void {
    const from = this.passed
    waiting.then(
      () => this.access(from),
      (error: unknown) => {
        this.accessFailed(bound, error)
        this.access(from)
      },
    )
  }

  /** Those passed so far have applied; from here on those of the consumer do. */
  protected override onSlots(next: Slots): void {
    if (next === this.slots) return
    this.applied ??= this.slots.all.slice(0, this.passed).filter((bound) => bound !== null)
    this.slots = next
  }

  /** Asked for when no further plugin comes. */
  private hooksNow(): Hooks {
    if (this.hooks !== null) return this.hooks
    const { all, hooks } = this.slots
    if (this.applied !== null) this.hooks = hooksOf(this.applied)
    else this.hooks = this.passed === all.length ? hooks : hooksOf(all.slice(0, this.passed))
    return this.hooks
  }

  private accessOf(bound: Bound): void | Promise<void> {
    try {
      return bound.instance.access?.(this)
    } catch (error) {
      return this.accessFailed(bound, error)
    }
  }

  private accessFailed(bound: Bound, error: unknown): void {
    bound.failed('access', error, this.requestId)
    if (this.own !== null) return
    this.error = 'gateway_plugin_failed'
    this.refuse(500, 'An unexpected error occurred')
  }

  respondHooks(response: ChainResponse): void | Promise<void> {
    const { received } = this.hooksNow()
    for (const bound of received) {
      try {
        bound.instance.received?.(this, response)
      } catch (error) {
        bound.failed('received', error, this.requestId)
      }
    }
    return this.responseFrom(0, response)
  }

  protected responseFrom(from: number, response: ChainResponse): void | Promise<void> {
    const hooks = this.hooksNow().response
    for (let at = from; at < hooks.length; at += 1) {
      const bound = hooks[at]
      if (bound === undefined) continue
      response.caller = bound
      try {
        const waiting = bound.instance.response?.(this, response)
        if (waiting === undefined) continue
        return this.responseAfter(waiting, bound, at + 1, response)
      } catch (error) {
        bound.failed('response', error, this.requestId)
      }
    }
  }

  private responseAfter(
    waiting: Promise<void>,
    bound: Bound,
    from: number,
    response: ChainResponse,
  ): Promise<void> {
    return waiting
      .catch((error: unknown) => bound.failed('response', error, this.requestId))
      .then(() => this.responseFrom(from, response))
  }

  protected runLog(): void {
    const { log } = this.hooksNow()
    if (log.length === 0) return
    const record = this.record()
    for (const bound of log) {
      try {
        bound.instance.log?.(this, record)
      } catch (error) {
        bound.failed('log', error, this.requestId)
      }
    }
  }
}
