import assert from 'node:assert'
import { eventSchemas, type EventPayload, type EventType } from '@keelson/contract'
import { Compile } from 'typebox/compile'
import type { Clock } from '../clock.ts'
import type { Tx } from '../db.ts'
import { newId } from '../ids.ts'
import { storableJson } from '../storable.ts'

export type NewEvent<T extends EventType> = {
  type: T
  payload: EventPayload<T>
  /** '<stack>/<service>', '<stack>' or 'system'. Order holds within a subject. */
  subject: string
  actor?: string | undefined
  /** When it happened, if not now. */
  at?: Date | undefined
}

const payloadLimitBytes = 64 * 1024
const subjectLengthMax = 300
const eventsPerTransactionMax = 1_000

/**
 * Collects the events of a transaction and writes them in one statement right before COMMIT: the
 * locks that keep a subject in order are held only for the commit, not for all the work before.
 */
export const createPublisher = (deps: { clock: Clock; onCommitted: () => void }) => {
  const collected = new WeakMap<Tx, string[]>()
  const checks = new Map<EventType, (payload: unknown) => boolean>()

  const isValid = (type: EventType, payload: unknown): boolean => {
    let check = checks.get(type)
    if (check === undefined) {
      const compiled = Compile(eventSchemas[type])
      check = (value) => compiled.Check(value)
      checks.set(type, check)
    }
    return check(payload)
  }

  const collect = (tx: Tx): string[] => {
    const known = collected.get(tx)
    if (known !== undefined) return known
    const entries: string[] = []
    collected.set(tx, entries)
    tx.beforeCommit(async () => {
      collected.delete(tx)
      await tx.execute('select kernel.publish($1)', [`[${entries.join(',')}]`])
    })
    tx.afterCommit(deps.onCommitted)
    return entries
  }

  return async <T extends EventType>(tx: Tx, event: NewEvent<T>): Promise<void> => {
    const { type, payload, subject, actor = null, at = deps.clock.now() } = event
    assert(Object.hasOwn(eventSchemas, type), `${type} is not in the contract`)
    assert(isValid(type, payload), `the payload of ${type} does not fit the contract`)
    assert(subject !== '' && subject.length <= subjectLengthMax, `subject of ${type}: "${subject}"`)
    const entry = storableJson({ id: newId(), type, subject, payload, actor, at })
    assert(
      Buffer.byteLength(entry) <= payloadLimitBytes,
      `${type} is over ${payloadLimitBytes} bytes`,
    )
    const entries = collect(tx)
    assert(entries.length < eventsPerTransactionMax, 'too many events in one transaction')
    entries.push(entry)
  }
}
