import type {
  AuditedFinding,
  AuditedReport,
  GapHistoryPoint,
  GapSummary,
  Watched,
} from '@keelson/contract'
import type { Queryable } from '../kernel/db.ts'
import { storableJson, storableText } from '../kernel/storable.ts'

export type ReportRow = {
  stack: string
  revision: number
  folder: string
  state: 'ready' | 'failed'
  reason: string | null
  triedAt: Date
  auditedAt: Date | null
  durationMs: number | null
  content: AuditedReport | null
  observed: string
  watched: Watched
}

const reportColumns = `stack, revision, folder, state, reason, tried_at as "triedAt",
  audited_at as "auditedAt", duration_ms as "durationMs", observed, watched`

export const findReport = (db: Queryable, stack: string): Promise<ReportRow | undefined> =>
  db.maybe(`select ${reportColumns}, content from gaps.report where stack = $1`, [stack])

/** What is to be known of each before anything is audited again; without the documents. */
export const selectAudited = (db: Queryable): Promise<Omit<ReportRow, 'content'>[]> =>
  db.many(`select ${reportColumns} from gaps.report`)

export const upsertReport = async (db: Queryable, row: ReportRow): Promise<void> => {
  await db.execute(
    `insert into gaps.report (stack, revision, folder, state, reason, tried_at, audited_at,
       duration_ms, score, content, observed, watched)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (stack) do update set revision = excluded.revision, folder = excluded.folder,
       state = excluded.state, reason = excluded.reason, tried_at = excluded.tried_at,
       audited_at = excluded.audited_at, duration_ms = excluded.duration_ms,
       score = excluded.score, content = excluded.content, observed = excluded.observed,
       watched = excluded.watched`,
    [
      ...[row.stack, row.revision, row.folder, row.state],
      row.reason === null ? null : storableText(row.reason),
      ...[row.triedAt, row.auditedAt, row.durationMs, row.content?.inventory.score ?? null],
      ...[storableJson(row.content), row.observed, storableJson(row.watched)],
    ],
  )
}

/** The last audit of a stack could not be made; what the one before it found stays. */
export const upsertFailure = async (
  db: Queryable,
  row: Omit<ReportRow, 'state' | 'auditedAt' | 'durationMs' | 'content'>,
): Promise<void> => {
  await db.execute(
    `insert into gaps.report (stack, revision, folder, state, reason, tried_at, observed, watched)
     values ($1, $2, $3, 'failed', $4, $5, $6, $7)
     on conflict (stack) do update set revision = excluded.revision, folder = excluded.folder,
       state = excluded.state, reason = excluded.reason, tried_at = excluded.tried_at,
       observed = excluded.observed, watched = excluded.watched`,
    [
      ...[row.stack, row.revision, row.folder, storableText(row.reason ?? ''), row.triedAt],
      ...[row.observed, storableJson(row.watched)],
    ],
  )
}

export type SeenFinding = Pick<AuditedFinding, 'fingerprint' | 'severity' | 'message'>

/** What the last audit found, by severity and message: enough to tell what came and went. */
export const selectPresent = (db: Queryable, stack: string): Promise<SeenFinding[]> =>
  db.many(
    `select fingerprint, severity, message from gaps.finding
     where stack = $1 and gone_at is null order by fingerprint`,
    [stack],
  )

export const selectSince = async (db: Queryable, stack: string): Promise<Map<string, Date>> => {
  const rows = await db.many<{ fingerprint: string; since: Date }>(
    'select fingerprint, first_at as since from gaps.finding where stack = $1 and gone_at is null',
    [stack],
  )
  return new Map(rows.map(({ fingerprint, since }) => [fingerprint, since]))
}

/** What was gone and is there again is of now: what matters is how long it has been so. */
export const savePresent = async (
  db: Queryable,
  stack: string,
  findings: readonly SeenFinding[],
  at: Date,
): Promise<void> => {
  const fingerprints = findings.map(({ fingerprint }) => fingerprint)
  await db.execute(
    `insert into gaps.finding as known (stack, fingerprint, severity, message, first_at)
     select $1, fingerprint, severity, message, $2::timestamptz
     from unnest($3::text[], $4::text[], $5::text[]) as found (fingerprint, severity, message)
     on conflict (stack, fingerprint) do update
       set severity = excluded.severity, message = excluded.message, gone_at = null,
         first_at = case when known.gone_at is null then known.first_at else excluded.first_at end
       where known.gone_at is not null or known.severity <> excluded.severity
          or known.message <> excluded.message`,
    [
      ...[stack, at, fingerprints],
      findings.map(({ severity }) => severity),
      findings.map(({ message }) => storableText(message)),
    ],
  )
  await db.execute(
    `update gaps.finding set gone_at = $2
     where stack = $1 and gone_at is null and fingerprint <> all($3::text[])`,
    [stack, at, fingerprints],
  )
}

/** What has been gone for long is forgotten, and with it that somebody had accepted it. */
export const forgetGone = async (db: Queryable, before: Date): Promise<void> => {
  await db.execute(
    `with gone as (
       delete from gaps.finding where gone_at < $1 returning stack, fingerprint)
     delete from gaps.acceptance a using gone
     where a.stack = gone.stack and a.fingerprint = gone.fingerprint`,
    [before],
  )
}

/** Numbers of every stack that was audited; what is accepted does not count. */
export const selectSummaries = async (db: Queryable, stack?: string): Promise<GapSummary[]> => {
  const rows = await db.many<Omit<GapSummary, 'at'> & { at: Date | null }>(
    `select r.stack, r.state, r.audited_at as at, r.score,
       (count(*) filter (where f.severity = 'error' and a.stack is null))::integer as errors,
       (count(*) filter (where f.severity = 'warning' and a.stack is null))::integer as warnings,
       (count(*) filter (where f.severity = 'info' and a.stack is null))::integer as infos,
       count(a.stack)::integer as accepted
     from gaps.report r
     left join gaps.finding f on f.stack = r.stack and f.gone_at is null
     left join gaps.acceptance a on a.stack = f.stack and a.fingerprint = f.fingerprint
     where $1::text is null or r.stack = $1
     group by r.stack order by r.stack`,
    [stack ?? null],
  )
  return rows.map((row) => ({ ...row, at: row.at?.toISOString() ?? null }))
}

export type HistoryContent = Omit<GapHistoryPoint, 'at'>
export type LastPoint = { id: string; content: HistoryContent }

/** Of points from before decisions were told. */
const undecided = { decided: [] }

export const findLastPoint = async (
  db: Queryable,
  stack: string,
): Promise<LastPoint | undefined> => {
  const row = await db.maybe<LastPoint>(
    'select id, content from gaps.point where stack = $1 order by id desc limit 1',
    [stack],
  )
  return row && { id: row.id, content: { ...undecided, ...row.content } }
}

/** The same moment, with what is known of it by now. */
export const updatePoint = async (db: Queryable, { id, content }: LastPoint): Promise<void> => {
  await db.execute('update gaps.point set content = $2 where id = $1', [id, storableJson(content)])
}

const pointsMax = 1000

export const addPoint = async (
  db: Queryable,
  stack: string,
  at: Date,
  content: HistoryContent,
): Promise<void> => {
  await db.execute('insert into gaps.point (stack, at, content) values ($1, $2, $3)', [
    ...[stack, at, storableJson(content)],
  ])
  await db.execute(
    `delete from gaps.point where stack = $1 and id <= (
       select id from gaps.point where stack = $1 order by id desc offset $2 limit 1)`,
    [stack, pointsMax],
  )
}

/** The newest ones before an id, oldest first. */
export const selectPoints = async (
  db: Queryable,
  stack: string,
  { before, limit }: { before: string | undefined; limit: number },
): Promise<{ id: string; point: GapHistoryPoint }[]> => {
  const rows = await db.many<{ id: string; at: Date; content: HistoryContent }>(
    `select id, at, content from gaps.point
     where stack = $1 and ($2::bigint is null or id < $2) order by id desc limit $3`,
    [stack, before ?? null, limit],
  )
  return rows
    .map(({ id, at, content }) => ({
      id,
      point: { at: at.toISOString(), ...undecided, ...content },
    }))
    .reverse()
}

export type AcceptanceRow = {
  stack: string
  fingerprint: string
  message: string
  reason: string
  by: string
  at: Date
  until: Date | null
}

const acceptanceColumns = 'stack, fingerprint, message, reason, by, at, until'

export const selectAcceptances = (db: Queryable, stack: string): Promise<AcceptanceRow[]> =>
  db.many(`select ${acceptanceColumns} from gaps.acceptance where stack = $1`, [stack])

export const upsertAcceptance = async (db: Queryable, row: AcceptanceRow): Promise<void> => {
  await db.execute(
    `insert into gaps.acceptance (${acceptanceColumns}) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (stack, fingerprint) do update set message = excluded.message,
       reason = excluded.reason, by = excluded.by, at = excluded.at, until = excluded.until`,
    [
      ...[row.stack, row.fingerprint, storableText(row.message), storableText(row.reason)],
      ...[row.by, row.at, row.until],
    ],
  )
}

/** The one that was there, taken back. */
export const takeAcceptance = (
  db: Queryable,
  stack: string,
  fingerprint: string,
): Promise<AcceptanceRow | undefined> =>
  db.maybe(
    `delete from gaps.acceptance where stack = $1 and fingerprint = $2
     returning ${acceptanceColumns}`,
    [stack, fingerprint],
  )

/** Those whose time is over, taken back. */
export const takeLapsed = (db: Queryable, now: Date): Promise<AcceptanceRow[]> =>
  db.many(`delete from gaps.acceptance where until <= $1 returning ${acceptanceColumns}`, [now])

/** When the next one is over; undefined when none ever is. */
export const findNextLapse = async (db: Queryable): Promise<Date | undefined> =>
  (await db.one<{ next: Date | null }>('select min(until) as next from gaps.acceptance')).next ??
  undefined

/** All of a stack that is older than its removal: one of the same name may be there by now. */
export const forgetStack = async (db: Queryable, stack: string, removed: Date): Promise<void> => {
  await db.execute('delete from gaps.report where stack = $1 and tried_at <= $2', [stack, removed])
  await db.execute('delete from gaps.finding where stack = $1 and first_at <= $2', [stack, removed])
  await db.execute('delete from gaps.point where stack = $1 and at <= $2', [stack, removed])
  await db.execute('delete from gaps.acceptance where stack = $1 and at <= $2', [stack, removed])
}
