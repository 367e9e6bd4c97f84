import type { Clock } from '../clock.ts'
import type { Db, Tx } from '../db.ts'
import type { Keyring } from '../keys/index.ts'
import type { Log } from '../log.ts'
import { bodyOf, digestOf, signCheckpoint, type Checkpoint, type Dropped } from './checkpoint.ts'
import type { CheckpointFile, KnownCheckpoint } from './checkpoint-file.ts'
import {
  findLastCheckpoint,
  insertCheckpoint,
  selectCheckpoints,
  selectHeads,
} from './checkpoint-store.ts'

type Deps = { db: Db; clock: Clock; log: Log; keyring: Keyring; file: CheckpointFile }

/** Gives up to where rows are gone, or null when none are old enough. */
export type Drop = (tx: Tx, before: Dropped | undefined) => Promise<Dropped | null>

/** Signs the ends of all lanes: what is before them can no longer be changed unseen. */
export const createCheckpoints = ({ db, clock, log, keyring, file }: Deps) => {
  let known: KnownCheckpoint | undefined

  const make = (drop: Drop): Promise<Checkpoint | undefined> =>
    db.transaction(async (tx) => {
      const former = await findLastCheckpoint(tx)
      const before = former === undefined ? undefined : bodyOf(former)
      const news = await drop(tx, before?.dropped)
      const heads = await selectHeads(tx)
      const isNews = before === undefined ? hasRows(heads) : !isSame(heads, before.heads)
      if (!isNews && news === null) return undefined
      const dropped = news ?? before?.dropped
      const at = clock.now()
      const made = signCheckpoint(keyring, {
        ...{ number: (former?.number ?? 0) + 1, at: at.toISOString() },
        ...{ former: former === undefined ? null : digestOf(former), heads },
        ...(dropped === undefined ? {} : { dropped }),
      })
      await insertCheckpoint(tx, made, at)
      return made
    })

  /** The file knows what the database should: that it was turned back is told at once. */
  const refuseOther = async (): Promise<void> => {
    if (known === undefined) for await (const each of file.read()) known = each
    if (known === undefined) return
    const [found] = await selectCheckpoints(db, [known.number])
    if (found !== undefined && digestOf(found) === known.digest) return
    const facts = { checkpoint: known.number }
    log.error(facts, 'the database has another audit than this data folder: keelson audit verify')
  }

  return {
    /** When something was written since the last one, or is dropped by `drop`. */
    async write(drop: Drop = async () => null): Promise<void> {
      const made = await make(drop)
      if (made === undefined) return
      await refuseOther()
      await file.append(made)
      known = { number: made.number, digest: digestOf(made) }
    },
  }
}

export type Checkpoints = ReturnType<typeof createCheckpoints>

type Heads = Awaited<ReturnType<typeof selectHeads>>

const hasRows = (heads: Heads): boolean => heads.some(([, number]) => number !== '0')
const isSame = (one: Heads, other: readonly unknown[]): boolean =>
  JSON.stringify(one) === JSON.stringify(other)
