import type { AuditSinkState } from '@keelson/contract'
import type { Clock } from '../../clock.ts'
import type { Db } from '../../db.ts'
import { createLoop, type Next } from '../../events/loop.ts'
import type { Log } from '../../log.ts'
import { takeBatch, type Batch } from './batch.ts'
import { DeliveryError, type Delivery } from './delivery.ts'
import { markDelivered, registerSink, selectLag, type SinkName } from './store.ts'

type Deps = { db: Db; clock: Clock; log: Log; name: SinkName; delivery: Delivery }

const pollMs = 1000
const retryMs = 1000
const retryMsMax = 60_000

export type Shipper = {
  start(): void
  /** What is under way is given up, and sent again after the next start. */
  stop(): Promise<void>
  state(): Promise<AuditSinkState>
}

/**
 * Delivers the audit to one place outside: every row at least once, rows of a lane in their order, a
 * batch at a time. Nobody waits for it: rows are read from the table once they are committed, and
 * what cannot be delivered stays there.
 */
export const createShipper = ({ db, clock, log, name, delivery }: Deps): Shipper => {
  const stopped = new AbortController()
  let isRegistered = false
  let failures = 0
  let failure: string | null = null

  const turn = async (): Promise<Next> => {
    if (!isRegistered) await registerSink(db, name)
    isRegistered = true
    const batch = await takeBatch(db, name)
    if (batch === undefined) return { afterMs: pollMs }
    if (batch.missed > 0) {
      log.warn({ sink: name, rows: batch.missed }, 'audit rows were dropped before their delivery')
    }
    const isDelivered = batch.rows.length === 0 || (await deliver(batch))
    if (!isDelivered) return { afterMs: Math.min(retryMs * 2 ** (failures - 1), retryMsMax) }
    await markDelivered(db, name, batch.ends, batch.rows.length === 0 ? null : clock.now())
    return batch.isFull ? 'again' : { afterMs: pollMs }
  }

  const deliver = async (batch: Batch): Promise<boolean> => {
    try {
      await delivery.send(batch, stopped.signal)
    } catch (error) {
      if (stopped.signal.aborted) return false
      // Messages of others may hold the address with what is secret in it.
      failure = error instanceof DeliveryError ? error.message : 'it could not be sent'
      failures += 1
      const facts = { sink: name, to: delivery.to, reason: failure }
      if (failures === 1) log.warn(facts, 'the audit is not delivered, and tried again')
      else log.debug(facts, 'the audit is still not delivered')
      return false
    }
    if (failures > 0) log.info({ sink: name, failures }, 'the audit is delivered again')
    failures = 0
    failure = null
    return true
  }

  const loop = createLoop({ name: `audit to ${name}`, turn, clock, log })

  return {
    start: () => loop.start(),
    async stop() {
      stopped.abort()
      await loop.stop()
    },
    async state() {
      const { rows, oldestAt, deliveredAt } = await selectLag(db, name)
      const oldestMs = oldestAt?.getTime() ?? clock.now().getTime()
      const lagSeconds = Math.max(0, Math.round((clock.now().getTime() - oldestMs) / 1000))
      return {
        ...{ name, to: delivery.to, lagRows: rows, lagSeconds, failure },
        deliveredAt: deliveredAt?.toISOString() ?? null,
      }
    },
  }
}
