import type { Queryable, Tx } from '../../kernel/db.ts'
import type { GatewayConfig } from '../config/model.ts'

export type Counts = Readonly<Record<string, number>>

export type RevisionRow = {
  revision: number
  appliedAt: Date
  appliedBy: string
  note: string | null
  counts: Counts
}

const revisionColumns = 'revision, applied_at, applied_by, note, counts'

type RawRevision = {
  revision: string
  applied_at: Date
  applied_by: string
  note: string | null
  counts: Counts
}

const revisionOf = (row: RawRevision): RevisionRow => ({
  revision: Number(row.revision),
  appliedAt: row.applied_at,
  appliedBy: row.applied_by,
  note: row.note,
  counts: row.counts,
})

/** The newest, with its content; undefined when nothing was ever applied. */
export const findCurrent = async (
  db: Queryable,
): Promise<(RevisionRow & { content: GatewayConfig }) | undefined> => {
  const row = await db.maybe<RawRevision & { content: GatewayConfig }>(
    `select ${revisionColumns}, content from gateway.revision order by revision desc limit 1`,
  )
  return row === undefined ? undefined : { ...revisionOf(row), content: row.content }
}

export const findContent = async (
  db: Queryable,
  revision: number,
): Promise<GatewayConfig | undefined> => {
  const row = await db.maybe<{ content: GatewayConfig }>(
    'select content from gateway.revision where revision = $1',
    [revision],
  )
  return row?.content
}

/** Newest first. */
export const selectRevisions = async (db: Queryable): Promise<RevisionRow[]> =>
  (
    await db.many<RawRevision>(
      `select ${revisionColumns} from gateway.revision order by revision desc`,
    )
  ).map(revisionOf)

/** Fails on the primary key when somebody else has made this revision meanwhile. */
export const insertRevision = async (
  tx: Tx,
  row: RevisionRow & { content: GatewayConfig },
  kept: number,
): Promise<void> => {
  await tx.execute(
    `insert into gateway.revision (${revisionColumns}, content) values ($1, $2, $3, $4, $5, $6)`,
    [
      ...[row.revision, row.appliedAt, row.appliedBy, row.note],
      ...[JSON.stringify(row.counts), JSON.stringify(row.content)],
    ],
  )
  await tx.execute('delete from gateway.revision where revision <= $1', [row.revision - kept])
}
