import type { Actor } from '../actor.ts'
import type { Clock } from '../clock.ts'
import type { Db, Tx } from '../db.ts'
import { newId } from '../ids.ts'
import type { Keyring } from '../keys/index.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { appendToLane } from './store.ts'
import type { Audit, AuditEntry } from './audit.ts'
import { contentOf, type Content } from './entry.ts'

type Deps = { db: Db; clock: Clock; log: Log; keyring: Keyring }

const togetherMs = 10_000
/** Kinds of equal attempts that are counted at once; beyond, they are counted as one kind. */
const kindsMax = 2000

type Counted = { actor: Actor; entry: AuditEntry; count: number; timer: { cancel(): void } }

export type AuditRecorder = Audit & {
  /** Writes what is still being counted. */
  close(): Promise<void>
}

export const createAuditRecorder = ({ db, clock, log, keyring }: Deps): AuditRecorder => {
  const pending = new WeakMap<Tx, Content[]>()
  const counted = new Map<string, Counted>()

  const add = (tx: Tx, content: Content): void => {
    const known = pending.get(tx)
    if (known !== undefined) return void known.push(content)
    const contents = [content]
    pending.set(tx, contents)
    tx.beforeCommit(() => {
      // What is recorded by a later callback begins anew.
      pending.delete(tx)
      return appendToLane(tx, keyring, contents)
    })
  }

  const write = (actor: Actor, entry: AuditEntry, count: number): Promise<void> => {
    const content = contentOf(actor, entry, { id: newId(), at: clock.now(), count })
    return db.transaction(async (tx) => add(tx, content))
  }

  /** What came after the first of its kind, as one row. */
  const writeCounted = async (kind: string): Promise<void> => {
    const found = counted.get(kind)
    counted.delete(kind)
    found?.timer.cancel()
    if (found === undefined || found.count === 0) return
    await write(found.actor, found.entry, found.count).catch((error: unknown) => {
      log.error({ lost: found.count, reason: messageOf(error) }, 'audit row could not be written')
    })
  }

  return {
    record: (tx, actor, entry) => {
      add(tx, contentOf(actor, entry, { id: newId(), at: clock.now() }))
    },

    write: (actor, entry) => write(actor, entry, 1),

    async note(actor, entry) {
      const kind = kindOf(actor, entry, counted.size >= kindsMax)
      const known = counted.get(kind)
      if (known !== undefined) {
        known.count += 1
        return
      }
      const timer = clock.setTimer(() => void writeCounted(kind), togetherMs)
      counted.set(kind, { actor, entry, count: 0, timer })
      await write(actor, entry, 1)
    },

    fingerprint: (secret) => keyring.mac('audit/fingerprint', secret).toString('hex').slice(0, 12),

    async close() {
      await Promise.all([...counted.keys()].map(writeCounted))
    },
  }
}

const kindOf = ({ origin, ...actor }: Actor, entry: AuditEntry, isCrowded: boolean): string =>
  JSON.stringify([
    ...[entry.action, entry.outcome],
    ...(isCrowded
      ? []
      : [actor.kind, actor.id, entry.object.kind, entry.object.id, origin.address]),
    ...(isCrowded ? [] : (entry.concerns ?? []).map(({ kind, id }) => `${kind}:${id}`)),
  ])
