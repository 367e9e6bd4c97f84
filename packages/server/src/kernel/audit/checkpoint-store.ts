import type { Queryable, Tx } from '../db.ts'
import type { Checkpoint, LaneEnd } from './checkpoint.ts'

export type EndRow = { lane: number; number: string; chain: Buffer }
type CheckpointRow = { number: string; body: string; key_number: number; signature: Buffer }

export const endOf = ({ lane, number, chain }: EndRow): LaneEnd => {
  return [lane, number, chain.toString('hex')]
}

const checkpointOf = ({ number, body, key_number, signature }: CheckpointRow): Checkpoint => ({
  ...{ number: Number(number), body, keyNumber: key_number, signature },
})

/** The ends of all lanes at one moment. */
export const selectHeads = async (from: Queryable): Promise<LaneEnd[]> =>
  (await from.many<EndRow>('select lane, number, chain from kernel.audit_lane order by lane')).map(
    endOf,
  )

export const insertCheckpoint = (tx: Tx, { number, body, ...rest }: Checkpoint, at: Date) =>
  tx.execute(
    `insert into kernel.audit_checkpoint (number, at, body, key_number, signature)
     values ($1, $2, $3, $4, $5)`,
    [number, at, body, rest.keyNumber, rest.signature],
  )

const columns = 'number, body, key_number, signature'

export const findLastCheckpoint = async (from: Queryable): Promise<Checkpoint | undefined> => {
  const row = await from.maybe<CheckpointRow>(
    `select ${columns} from kernel.audit_checkpoint order by number desc limit 1`,
  )
  return row === undefined ? undefined : checkpointOf(row)
}

/** In their order. */
export const selectCheckpointsAfter = async (
  from: Queryable,
  number: number,
  limit: number,
): Promise<Checkpoint[]> =>
  (
    await from.many<CheckpointRow>(
      `select ${columns} from kernel.audit_checkpoint where number > $1 order by number limit $2`,
      [number, limit],
    )
  ).map(checkpointOf)

export const selectCheckpoints = async (
  from: Queryable,
  numbers: readonly number[],
): Promise<Checkpoint[]> =>
  (
    await from.many<CheckpointRow>(
      `select ${columns} from kernel.audit_checkpoint where number = any($1)`,
      [numbers],
    )
  ).map(checkpointOf)
