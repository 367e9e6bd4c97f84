import type { Queryable, Tx } from '../db.ts'
import type { Checkpoint, LaneEnd } from './checkpoint.ts'

export type EndRow = { lane: number; number: string; chain: Buffer }
type CheckpointRow = { number: string; body: string; key_number: number; signature: Buffer }

export const endOf = ({ lane, number, chain }: EndRow): LaneEnd => {
  return [lane, number, chain.toString('hex')]
}

/** To the microsecond, so that none can hide there. */
const iso8601 = 'YYYY-MM-DD"T"HH24:MI:SS.US'

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
/** What numbers are given; with others in the table somebody else has put them there. */
const isGiven = `number between 1 and ${Number.MAX_SAFE_INTEGER}`

export const findLastCheckpoint = async (from: Queryable): Promise<Checkpoint | undefined> => {
  const row = await from.maybe<CheckpointRow>(
    `select ${columns} from kernel.audit_checkpoint where ${isGiven} order by number desc limit 1`,
  )
  return row === undefined ? undefined : checkpointOf(row)
}

/** In their order, with the time that each stands at. */
export const selectCheckpointsAfter = async (
  from: Queryable,
  number: number,
  limit: number,
): Promise<(Checkpoint & { at: string })[]> =>
  (
    await from.many<CheckpointRow & { at: string }>(
      `select ${columns}, to_char(at at time zone 'UTC', '${iso8601}') as at
       from kernel.audit_checkpoint where number > $1 and ${isGiven} order by number limit $2`,
      [number, limit],
    )
  ).map(({ at, ...row }) => ({ ...checkpointOf(row), at: at.replace(/000$/, 'Z') }))

export const countStrayCheckpoints = async (from: Queryable): Promise<number> => {
  const { count } = await from.one<{ count: string }>(
    `select count(*) as count from kernel.audit_checkpoint where not ${isGiven}`,
  )
  return Number(count)
}

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
