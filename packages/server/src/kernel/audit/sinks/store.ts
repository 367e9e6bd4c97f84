import type { AuditRow } from '@keelson/contract'
import type { Db } from '../../db.ts'
import { rowColumns, rowOf, type Row } from '../row.ts'

export type SinkName = 'syslog' | 'webhook'

/** How far a lane was delivered, where it ends by now, and where the batch under way ends. */
export type LanePosition = { lane: number; number: bigint; head: bigint; sending: bigint | null }

/** Up to which row of a lane. */
export type LaneMark = { lane: number; number: bigint }

/** From the first row that is kept; known ones stay where they are. */
export const registerSink = async (db: Db, sink: SinkName): Promise<void> => {
  await db.execute(
    `insert into kernel.audit_sink (sink, lane, number)
     select $1, lane, 0 from kernel.audit_lane on conflict do nothing`,
    [sink],
  )
}

type DueRow = { lane: number; number: string; head: string; sending: string | null }

/** Only of lanes with something to deliver. */
export const selectDue = async (db: Db, sink: SinkName): Promise<LanePosition[]> => {
  const rows = await db.many<DueRow>(
    `select lane, sink.number, head.number as head, sink.sending
     from kernel.audit_sink sink join kernel.audit_lane head using (lane)
     where sink.sink = $1 and head.number > sink.number order by lane`,
    [sink],
  )
  return rows.map(({ lane, number, head, sending }) => ({
    ...{ lane, number: BigInt(number), head: BigInt(head) },
    sending: sending === null ? null : BigInt(sending),
  }))
}

type Range = { lane: number; after: bigint; upTo: bigint }

/** By lane, and there in their order. */
export const selectRowsIn = async (
  db: Db,
  ranges: readonly Range[],
  limitEach: number,
): Promise<AuditRow[]> =>
  (
    await db.many<Row>(
      `select entry.* from unnest($1::smallint[], $2::bigint[], $3::bigint[])
         as given (lane, after, up_to)
       cross join lateral (
         select ${rowColumns} from kernel.audit_entry entry
         where entry.lane = given.lane and number > given.after and number <= given.up_to
         order by number limit ${limitEach}
       ) entry order by lane, number`,
      [
        ranges.map(({ lane }) => lane),
        ranges.map(({ after }) => String(after)),
        ranges.map(({ upTo }) => String(upTo)),
      ],
    )
  ).map(rowOf)

const marked = `unnest($2::smallint[], $3::bigint[]) as mark (lane, number)`
const marks = (ends: readonly LaneMark[]) => [
  ends.map(({ lane }) => lane),
  ends.map(({ number }) => String(number)),
]

/** What is sent from now on is this batch, until it has arrived. */
export const markSending = async (
  db: Db,
  sink: SinkName,
  ends: readonly LaneMark[],
): Promise<void> => {
  await db.execute(
    `update kernel.audit_sink sink set sending = mark.number from ${marked}
     where sink.sink = $1 and sink.lane = mark.lane`,
    [sink, ...marks(ends)],
  )
}

export const markDelivered = async (
  db: Db,
  sink: SinkName,
  ends: readonly LaneMark[],
  at: Date | null,
): Promise<void> => {
  await db.execute(
    `update kernel.audit_sink sink
     set number = greatest(sink.number, mark.number), sending = null,
       delivered_at = coalesce($4, delivered_at)
     from ${marked} where sink.sink = $1 and sink.lane = mark.lane`,
    [sink, ...marks(ends), at],
  )
}

export type Lag = { rows: number; oldestAt: Date | null; deliveredAt: Date | null }

type LagRow = { rows: string; oldest_at: Date | null; delivered_at: Date | null }

export const selectLag = async (db: Db, sink: SinkName): Promise<Lag> => {
  const { rows, oldest_at, delivered_at } = await db.one<LagRow>(
    `select coalesce(sum(head.number - sink.number), 0) as rows, min(oldest.at) as oldest_at,
       max(sink.delivered_at) as delivered_at
     from kernel.audit_sink sink join kernel.audit_lane head using (lane)
     left join lateral (
       select at from kernel.audit_entry entry
       where entry.lane = sink.lane and entry.number > sink.number
         and head.number > sink.number order by entry.number limit 1
     ) oldest on true where sink.sink = $1`,
    [sink],
  )
  return { rows: Number(rows), oldestAt: oldest_at, deliveredAt: delivered_at }
}
