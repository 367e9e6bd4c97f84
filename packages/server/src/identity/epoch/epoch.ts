import type { Clock } from '../../kernel/clock.ts'
import { advanceEpoch, epochChannel, readEpoch, type EpochKind } from './store.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Db, Listener, Tx } from '../../kernel/db.ts'

/** Stands behind a lost notification: a change is seen everywhere in less than a second. */
const pollMs = 500
/** Without a word from the database for so long nothing is believed any more. */
const confirmedForMs = 5000

export type Epoch = {
  /** In the transaction of a change; other processes hear of it once it is committed. */
  advance(tx: Tx, kind: EpochKind): Promise<void>
  /** Called when it has changed, here or elsewhere; awaited before the new epoch is the present one. */
  onChange(kind: EpochKind, listener: () => Promise<void> | void): void
  /** Called once the new one, of either kind, is the present one. */
  afterChange(listener: () => void): void
  /** The present one. Throws `database_unavailable` when it could not be confirmed for 5 s. */
  now(kind: EpochKind): number
  /** Resolves once what this process has changed and committed is known here too. */
  settled(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** When what is believed of people and credentials became another: see ADR 0021. */
export const createEpoch = ({ db, clock }: { db: Db; clock: Clock }): Epoch => {
  const known = { access: -1, credentials: -1 }
  const listeners: Record<EpochKind, (() => Promise<void> | void)[]> = {
    access: [],
    credentials: [],
  }
  const afterwards: (() => void)[] = []
  let confirmedAtMs = -Infinity
  let listener: Listener | undefined
  let looking: Promise<void> | undefined
  let ownChange: Promise<void> = Promise.resolve()
  let again = false
  let timer: { cancel(): void } | undefined
  let stopped = false

  const lookOnce = async (): Promise<void> => {
    const askedAtMs = clock.monotonicMs()
    const present = await readEpoch(db.hot)
    let hasChanged = false
    for (const kind of ['access', 'credentials'] as const) {
      const next = present[kind]
      if (next === known[kind]) continue
      for (const changed of listeners[kind]) await changed()
      known[kind] = next
      hasChanged = true
    }
    confirmedAtMs = askedAtMs
    if (hasChanged) for (const listener of afterwards) listener()
  }

  /** One look at a time; who asks during one gets a look that began after. */
  const look = (): Promise<void> => {
    if (looking !== undefined) {
      again = true
      return looking
    }
    const run = async (): Promise<void> => {
      try {
        do {
          again = false
          await lookOnce()
        } while (again)
      } finally {
        looking = undefined
      }
    }
    looking = run()
    return looking
  }
  const lookInBackground = (): void => void look().catch(() => undefined)

  const poll = (): void => {
    if (stopped) return
    timer = clock.setTimer(() => {
      look()
        .catch(() => undefined)
        .finally(poll)
    }, pollMs)
  }

  return {
    async advance(tx, kind) {
      await advanceEpoch(tx, kind)
      tx.afterCommit(() => {
        ownChange = look().catch(() => undefined)
      })
    },
    onChange: (kind, changed) => void listeners[kind].push(changed),
    afterChange: (listener) => void afterwards.push(listener),
    now(kind) {
      if (clock.monotonicMs() - confirmedAtMs <= confirmedForMs) return known[kind]
      throw new AppError('database_unavailable', { reason: 'rights cannot be confirmed' })
    },
    settled: () => ownChange,
    async start() {
      listener = await db.listen(epochChannel, lookInBackground)
      await look()
      poll()
    },
    async stop() {
      stopped = true
      timer?.cancel()
      await listener?.close()
    },
  }
}
