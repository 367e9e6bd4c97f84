/**
 * Events: what happened, told in the transaction that made it happen.
 *
 * Owns kernel.event_outbox, event, event_head, event_subscription, event_failure. Subscribers get
 * every event at least once, in order per subject; their writes and their cursor commit together,
 * so the effects in the database happen exactly once.
 *
 * The trap: numbers from a sequence are drawn in one order and committed in another, so a reader
 * that asks for `id > last` loses what commits late. Filtering by the snapshot's xmin instead makes
 * all readers wait for the longest transaction of the whole database. Hence positions are given
 * after the commit:
 *
 * 1. `publish` collects, and right before COMMIT one statement locks the subjects (in sorted order,
 *    so publishers cannot deadlock) and then inserts into the outbox. A sequence number drawn under
 *    the lock of its subject, which is kept until the commit is visible: within a subject, numbers
 *    are in commit order.
 * 2. A sequencer locks kernel.event_head and, with a snapshot taken after that, moves what it finds
 *    from the outbox into the log, numbered on from the head in the order of the sequence. If it
 *    sees an event, it sees all earlier ones of the subject. The lock is kept until its commit is
 *    visible, so positions appear in their order, without gaps, and `position > last` is safe.
 *    A separate log, rather than a column filled in later, is append only: no dead rows in it.
 * 3. Readers are woken: in the process by the commit, in others by one NOTIFY for each batch. It is
 *    sent by the sequencer, because NOTIFY takes a lock of the whole database at commit, which
 *    business transactions must not queue for. All poll every second besides: a lost
 *    notification, or a kill between commit and wake, costs a second and no event.
 *
 * A handler that fails is tried ten times within about a minute, then its event is set aside in
 * kernel.event_failure and the subscription goes on. Until then it blocks its whole subscription,
 * not only the subject: handlers may then rely on the order of the log across subjects, and the
 * wait has a bound. Events of the same subject behind one that was set aside are still delivered.
 */
import assert from 'node:assert'
import type { EventType } from '@keelson/contract'
import type { Clock } from './clock.ts'
import type { Db, Listener, Tx } from './db.ts'
import type { Log } from './log.ts'
import {
  latestPosition,
  listEvents,
  oldestPosition,
  readAfter,
  type PublishedEvent,
  type Timeline,
} from './events/log-store.ts'
import type { Loop } from './events/loop.ts'
import { createPublisher, type NewEvent } from './events/publish.ts'
import { createRetention } from './events/retention.ts'
import { createSequencer, eventChannel } from './events/sequencer.ts'
import { createSubscription, type Subscription } from './events/subscription.ts'
import { createTail, type TailListener } from './events/tail.ts'

export type { NewEvent, PublishedEvent, Subscription, TailListener, Timeline }

export type Events = {
  /**
   * Part of the caller's transaction: no commit, no event. It is checked now and written right
   * before COMMIT, in the order of the calls. A payload that does not fit the contract is a
   * programming mistake, as is one over 64 KiB.
   */
  publish<T extends EventType>(tx: Tx, event: NewEvent<T>): Promise<void>
  /** A durable subscription; a new one begins with the oldest event. Before or after `start`. */
  subscribe(subscription: Subscription): void
  /** Every event from now on, in this process only, at most once. Must not throw, nor be slow. */
  tail(listener: TailListener): { close(): void }
  /** Oldest first, after a position; at most 1000. */
  readAfter(
    position: string,
    options: { limit: number; types?: readonly EventType[] | undefined },
  ): Promise<PublishedEvent[]>
  /** The first position that can still be read; in an empty log, the next one to come. */
  oldestPosition(): Promise<string>
  /** The position given out last; '0' before the first event. */
  latestPosition(): Promise<string>
  /** Newest first, at most 1000. An event shows up here some milliseconds after its commit. */
  list(timeline: Timeline): Promise<PublishedEvent[]>
  /** Sequences and delivers, until `stop`. Throws AppError `database_unavailable`. */
  start(): Promise<void>
  /** Waits for the handlers under way. */
  stop(): Promise<void>
}

const retentionDaysDefault = 30

export const createEvents = (deps: {
  db: Db
  clock: Clock
  log: Log
  retentionDays?: number
}): Events => {
  const { db, clock, log, retentionDays = retentionDaysDefault } = deps
  const subscriptions = new Map<string, Loop>()
  let started = false
  let listener: Listener | undefined

  const wakeReaders = () => {
    tail.wake()
    for (const subscription of subscriptions.values()) subscription.wake()
  }
  const tail = createTail({ db, clock, log })
  const sequencer = createSequencer({ db, clock, log, onMoved: wakeReaders })
  const publish = createPublisher({ clock, onCommitted: sequencer.wake })
  const retention = createRetention({
    ...{ db, clock, log, retentionDays },
    subscriptionNames: () => [...subscriptions.keys()],
  })

  return {
    publish,
    tail: (own) => tail.listen(own),
    readAfter: (position, options) => readAfter(db, position, options),
    oldestPosition: () => oldestPosition(db),
    latestPosition: () => latestPosition(db),
    list: (timeline) => listEvents(db, timeline),

    subscribe(subscription) {
      const { name } = subscription
      assert(!subscriptions.has(name), `two subscriptions are named ${name}`)
      const loop = createSubscription(subscription, { db, clock, log })
      subscriptions.set(name, loop)
      if (started) loop.start()
    },

    async start() {
      assert(!started, 'events are started already')
      listener = await db.listen(eventChannel, wakeReaders)
      await tail.start()
      started = true
      for (const loop of [sequencer, retention, ...subscriptions.values()]) loop.start()
    },

    async stop() {
      started = false
      await listener?.close()
      await Promise.all(
        [tail, sequencer, retention, ...subscriptions.values()].map((loop) => loop.stop()),
      )
    },
  }
}
