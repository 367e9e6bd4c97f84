import { createHash } from 'node:crypto'
import type { AuditRow } from '@keelson/contract'
import type { Db } from '../../db.ts'
import {
  markSending,
  selectDue,
  selectRowsIn,
  type LaneMark,
  type LanePosition,
  type SinkName,
} from './store.ts'

export type Batch = {
  /** The same whenever these rows are sent again, also after a crash: 32 hex digits. */
  id: string
  /** Rows of a lane are in their order; none when all of them were dropped as old enough. */
  rows: readonly AuditRow[]
  /** Where the lanes are once it has arrived. */
  ends: readonly LaneMark[]
  /** Rows that were dropped as old enough before they could be sent. */
  missed: number
  /** There are more already. */
  isFull: boolean
}

const rowsEachLane = 32
/** A row has 64 KiB at most, so that a batch is never much larger. */
const batchBytesMax = 1024 * 1024

/**
 * What is to be sent next; undefined when all was. Its ends are durable before it is sent: after a
 * crash the batch that was under way is made again as it was.
 */
export const takeBatch = async (db: Db, sink: SinkName): Promise<Batch | undefined> => {
  const due = await selectDue(db, sink)
  if (due.length === 0) return undefined
  const underWay = due.filter(({ sending }) => sending !== null)
  const positions = underWay.length > 0 ? underWay : due
  const found = inTurn(await selectRowsIn(db, positions.map(rangeOf), rowsEachLane))
  if (underWay.length > 0) return batchOf(positions, found, underWay.map(endOf), false)
  const rows = withinBytes(found)
  const isFull =
    rows.length < found.length || due.some(({ lane }) => countOf(found, lane) === rowsEachLane)
  const batch = batchOf(due, rows, marksOf(due, found, rows), isFull)
  await markSending(db, sink, batch.ends)
  return batch
}

const upToOf = ({ sending, head }: LanePosition): bigint => sending ?? head
const endOf = (one: LanePosition): LaneMark => ({ lane: one.lane, number: upToOf(one) })
const rangeOf = (one: LanePosition) => ({ lane: one.lane, after: one.number, upTo: upToOf(one) })
const countOf = (rows: readonly AuditRow[], lane: number): number =>
  rows.filter(({ place }) => place.lane === lane).length

/** One of each lane in turn, so that none has to wait for others. */
const inTurn = (rows: readonly AuditRow[]): AuditRow[] => {
  const counts = new Map<number, number>()
  const ranked = rows.map((row) => {
    const rank = counts.get(row.place.lane) ?? 0
    counts.set(row.place.lane, rank + 1)
    return { row, rank }
  })
  return ranked.sort((a, b) => a.rank - b.rank).map(({ row }) => row)
}

const withinBytes = (rows: readonly AuditRow[]): AuditRow[] => {
  let bytes = 0
  return rows.filter((row) => {
    const fits = bytes < batchBytesMax
    bytes += Buffer.byteLength(JSON.stringify(row))
    return fits
  })
}

/** A lane of which nothing is left to read goes on to its end: what was there is dropped. */
const marksOf = (
  due: readonly LanePosition[],
  found: readonly AuditRow[],
  taken: readonly AuditRow[],
): LaneMark[] =>
  due.flatMap((one) => {
    if (countOf(found, one.lane) === 0) return [endOf(one)]
    const last = taken.findLast(({ place }) => place.lane === one.lane)
    return last === undefined ? [] : [{ lane: one.lane, number: BigInt(last.place.number) }]
  })

const batchOf = (
  positions: readonly LanePosition[],
  rows: readonly AuditRow[],
  ends: readonly LaneMark[],
  isFull: boolean,
): Batch => {
  const begins = new Map(positions.map(({ lane, number }) => [lane, number]))
  const numbers = ends.reduce(
    (sum, { lane, number }) => sum + number - (begins.get(lane) ?? 0n),
    0n,
  )
  const ids = rows.map((row) => row.id).join()
  const id = createHash('sha256').update(ids).digest('hex').slice(0, 32)
  return { ...{ id, rows, ends, isFull }, missed: Number(numbers) - rows.length }
}
