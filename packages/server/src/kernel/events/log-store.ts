import assert from 'node:assert'
import type { AnyEvent, EventType } from '@keelson/contract'
import type { Queryable } from '../db.ts'

/** An event with its place in the log. */
export type PublishedEvent = AnyEvent & {
  /** UUIDv7, given at publishing; the same at every delivery. */
  id: string
  /** A growing number without gaps, as decimal text: compare with BigInt. */
  position: string
  /** '<stack>/<service>', '<stack>' or 'system'. */
  subject: string
  at: Date
  actor: string | null
}

export type Timeline = {
  /** Events of exactly this subject. */
  subject?: string | undefined
  /**
   * 'shop': events of shop and of everything below it, not of shopping. With a slash at the end,
   * only of what is below.
   */
  subjectPrefix?: string | undefined
  /** Only events at smaller positions. */
  before?: string | undefined
  limit: number
}

const pageMax = 1_000

const COLUMNS = 'position, id, type, subject, payload, actor, at'

/** In the order of positions, from after `position` on. */
export const readAfter = (
  db: Queryable,
  position: string,
  options: { limit: number; types?: readonly EventType[] | undefined },
): Promise<PublishedEvent[]> => {
  assertLimit(options.limit)
  return db.many<PublishedEvent>(
    `select ${COLUMNS} from kernel.event
     where position > $1 and ($2::text[] is null or type = any($2))
     order by position limit $3`,
    [position, options.types ?? null, options.limit],
  )
}

/** Newest first. */
export const listEvents = (db: Queryable, timeline: Timeline): Promise<PublishedEvent[]> => {
  assertLimit(timeline.limit)
  const { where, params } = filterOf(timeline)
  return db.many<PublishedEvent>(
    `select ${COLUMNS} from kernel.event
     where position < coalesce($1, 9223372036854775807) and ${where}
     order by position desc limit $2`,
    [timeline.before ?? null, timeline.limit, ...params],
  )
}

/** The conditions that an index answers in the order of positions. */
const filterOf = ({ subject, subjectPrefix }: Timeline): { where: string; params: string[] } => {
  if (subject !== undefined) return { where: 'subject = $3', params: [subject] }
  if (subjectPrefix === undefined || subjectPrefix === '') return { where: 'true', params: [] }
  const root = subjectPrefix.split('/', 1)[0] ?? ''
  const below = subjectPrefix.endsWith('/') ? subjectPrefix : `${subjectPrefix}/`
  return {
    where: 'subject_root = $3 and (subject = $4 or starts_with(subject, $5))',
    params: [root, subjectPrefix, below],
  }
}

/** The position given out last; '0' before the first event. */
export const latestPosition = async (db: Queryable): Promise<string> =>
  (await db.one<{ position: string }>('select position from kernel.event_head')).position

/**
 * The first position that can still be read; in an empty log the one that comes next. A reader
 * that has seen up to `p` has missed events if `p + 1` is smaller.
 */
export const oldestPosition = async (db: Queryable): Promise<string> =>
  (
    await db.one<{ position: string }>(
      `select coalesce((select min(position) from kernel.event),
                       (select position + 1 from kernel.event_head)) as position`,
    )
  ).position

const assertLimit = (limit: number): void => {
  assert(
    Number.isInteger(limit) && limit > 0 && limit <= pageMax,
    `limit ${limit} of 1..${pageMax}`,
  )
}
