import type { EventType } from '@keelson/contract'
import type { Clock } from '../clock.ts'
import type { Db, Tx } from '../db.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { readAfter, type PublishedEvent } from './log-store.ts'
import { createLoop, type Loop, type Next } from './loop.ts'

export type Subscription = {
  /** Names the cursor in the database: choose it for good. */
  name: string
  types: readonly EventType[] | 'all'
  /**
   * Writes through `tx` only. What it does elsewhere may be done twice, and after 30 s it is given
   * up and counted as failed.
   */
  handle(event: PublishedEvent, tx: Tx): Promise<void>
}

const triesMax = 10
const batchMax = 50
const batchTimeMsMax = 500
const handlerTimeoutMs = 30_000
const pollIntervalMs = 1_000
const retryDelayMs = 100
const retryDelayMsMax = 30_000
/** A cursor that has nothing to handle moves on in steps of this, not with every event. */
const idleStep = 1_000

/** A handler threw; the transaction it ran in is rolled back. */
class HandlerFailure extends Error {
  readonly event: PublishedEvent
  /** Whether nothing before it was rolled back with it, so that the failure counts. */
  readonly alone: boolean
  constructor(event: PublishedEvent, alone: boolean, cause: unknown) {
    super(messageOf(cause), { cause })
    this.event = event
    this.alone = alone
  }
}

type Due = { position: string; head: string; retryAt: Date | null; failures: number; due: boolean }

const PROBE = `
  select s.position, h.position as head, s.retry_at as "retryAt", s.failures,
         exists (select 1 from kernel.event e
                 where e.position > s.position and ($2::text[] is null or e.type = any($2))) as due
  from kernel.event_subscription s cross join kernel.event_head h
  where s.name = $1`

const REGISTER = `
  insert into kernel.event_subscription (name, position, seen_at) values ($1, 0, $2)
  on conflict (name) do nothing`

/** Skipping: if another node is at it, that node does the work. */
const CLAIM = `
  select position from kernel.event_subscription where name = $1
  for update skip locked`

const ADVANCE = `
  update kernel.event_subscription
  set position = $2, failures = 0, retry_at = null, reason = null, seen_at = $3
  where name = $1`

/** Delivers the log to one handler. Any number of nodes may run one of the same name. */
export const createSubscription = (
  subscription: Subscription,
  deps: { db: Db; clock: Clock; log: Log },
): Loop => {
  const { name } = subscription
  const { db, clock, log } = deps
  const types = subscription.types === 'all' ? undefined : subscription.types
  /** Up to here one event at a time: somewhere in a batch one had failed. */
  let carefulUntil = 0n

  const turn = async (): Promise<Next> => {
    const probe = await db.hot.maybe<Due>(PROBE, [name, types ?? null])
    if (probe === undefined) {
      await db.execute(REGISTER, [name, clock.now()])
      return 'again'
    }
    const waitMs = (probe.retryAt?.getTime() ?? 0) - clock.now().getTime()
    if (waitMs > 0) return { afterMs: Math.min(waitMs, retryDelayMsMax) }
    if (!probe.due) return skip(probe)
    return deliverBatch(probe)
  }

  const deliverBatch = async (probe: Due): Promise<Next> => {
    const careful = probe.failures > 0 || BigInt(probe.position) < carefulUntil
    try {
      const handled = await db.transaction((tx) => deliver(tx, careful ? 1 : batchMax))
      return handled === 0 ? { afterMs: pollIntervalMs } : 'again'
    } catch (error) {
      if (!(error instanceof HandlerFailure)) throw error
      if (error.alone) await recordFailure(error, probe.failures)
      else carefulUntil = BigInt(error.event.position)
      return 'again'
    }
  }

  /** Handles up to `limit` events and moves the cursor, all in one transaction. */
  const deliver = async (tx: Tx, limit: number): Promise<number> => {
    const cursor = await tx.maybe<{ position: string }>(CLAIM, [name])
    if (cursor === undefined) return 0
    const events = await readAfter(tx, cursor.position, { limit, types })
    const startedMs = clock.monotonicMs()
    let handled = 0
    let position = cursor.position
    for (const event of events) {
      await handleOne(event, tx, handled === 0)
      handled += 1
      position = event.position
      if (clock.monotonicMs() - startedMs > batchTimeMsMax) break
    }
    if (handled > 0) await tx.execute(ADVANCE, [name, position, clock.now()])
    return handled
  }

  const handleOne = async (event: PublishedEvent, tx: Tx, alone: boolean): Promise<void> => {
    const { promise: timeout, reject } = Promise.withResolvers<never>()
    const timer = clock.setTimer(
      () => reject(new Error(`the handler took longer than ${handlerTimeoutMs} ms`)),
      handlerTimeoutMs,
    )
    try {
      await Promise.race([subscription.handle(event, tx), timeout])
    } catch (cause) {
      throw new HandlerFailure(event, alone, cause)
    } finally {
      timer.cancel()
    }
  }

  /** Nothing for us up to `head`. Remembered now and then, so that retention is not held up. */
  const skip = async (probe: Due): Promise<Next> => {
    if (BigInt(probe.head) - BigInt(probe.position) >= idleStep) {
      await db.execute(`${ADVANCE} and position = $4`, [
        name,
        probe.head,
        clock.now(),
        probe.position,
      ])
    }
    return { afterMs: pollIntervalMs }
  }

  /**
   * Counts the try; after the last one sets the event aside and moves on. Two nodes may have tried
   * at once, since a rollback gives the claim away: `failuresBefore` lets one of them count.
   */
  const recordFailure = (failure: HandlerFailure, failuresBefore: number): Promise<void> =>
    db.transaction(async (tx) => {
      const { event, message: reason } = failure
      const now = clock.now()
      const row = await tx.maybe<{ failures: number }>(
        `update kernel.event_subscription set failures = failures + 1, reason = $3, retry_at = null
         where name = $1 and position < $2 and failures = $4 returning failures`,
        [name, event.position, reason, failuresBefore],
      )
      if (row === undefined) return
      const facts = { subscription: name, position: event.position, type: event.type, reason }
      if (row.failures >= triesMax) {
        await park(tx, event, reason, now)
        tx.afterCommit(() => log.error(facts, 'event is set aside, its handler keeps failing'))
        return
      }
      const delayMs = Math.min(retryDelayMs * 2 ** (row.failures - 1), retryDelayMsMax)
      await tx.execute('update kernel.event_subscription set retry_at = $2 where name = $1', [
        name,
        new Date(now.getTime() + delayMs),
      ])
      tx.afterCommit(() =>
        log.warn({ ...facts, tries: row.failures, delayMs }, 'event handler failed'),
      )
    })

  const park = async (tx: Tx, event: PublishedEvent, reason: string, now: Date): Promise<void> => {
    await tx.execute(
      `insert into kernel.event_failure
         (subscription, position, type, subject, payload, reason, tries, failed_at)
       select $1, position, type, subject, payload, $3, $4::integer, $5::timestamptz
       from kernel.event where position = $2
       on conflict do nothing`,
      [name, event.position, reason, triesMax, now],
    )
    await tx.execute(ADVANCE, [name, event.position, now])
  }

  return createLoop({ name: `subscription ${name}`, turn, clock, log })
}
