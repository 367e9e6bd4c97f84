import type { GapFinding, GapHistoryPoint, GapReport, GapSummary } from '@keelson/contract'
import { systemActor, type Actor } from '../kernel/actor.ts'
import type { Audit } from '../kernel/audit/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Db, Tx } from '../kernel/db.ts'
import { AppError } from '../kernel/errors.ts'
import type { Events } from '../kernel/events.ts'
import {
  changeOf,
  countsOf,
  describeFindings,
  describeReport,
  differenceOf,
  newsOf,
  pointOf,
  pointOfDecision,
} from './judge.ts'
import {
  addPoint,
  findLastPoint,
  findNextLapse,
  findReport,
  forgetGone,
  forgetStack,
  savePresent,
  selectAcceptances,
  selectAudited,
  selectPoints,
  selectPresent,
  selectSince,
  selectSummaries,
  takeAcceptance,
  takeLapsed,
  upsertAcceptance,
  upsertFailure,
  updatePoint,
  upsertReport,
  type AcceptanceRow,
  type ReportRow,
} from './store.ts'

export type FinishedAudit = Omit<ReportRow, 'state' | 'reason' | 'content'> & {
  auditedAt: Date
  content: NonNullable<ReportRow['content']>
}
export type FailedAudit = Omit<ReportRow, 'state' | 'auditedAt' | 'durationMs' | 'content'>

const goneKeptDays = 30
const dayMs = 86_400_000

type BooksDeps = {
  db: Db
  events: Pick<Events, 'publish'>
  audit: Pick<Audit, 'record'>
  clock: Clock
}

export type Books = ReturnType<typeof createBooks>

/** What is kept of audits and acceptances; each change commits with the event that tells of it. */
export const createBooks = ({ db, events, audit, clock }: BooksDeps) => {
  const acceptedOf = async (from: Tx | Db, stack: string): Promise<Set<string>> =>
    new Set((await selectAcceptances(from, stack)).map(({ fingerprint }) => fingerprint))

  const describeOne = async (stack: string, fingerprint: string): Promise<GapFinding> => {
    const row = await findReport(db, stack)
    const kept = {
      since: await selectSince(db, stack),
      acceptances: await selectAcceptances(db, stack),
    }
    const findings = row === undefined ? [] : describeFindings(row, kept)
    const finding = findings.find((one) => one.fingerprint === fingerprint)
    if (finding === undefined) throw unknownGap(stack, fingerprint)
    return finding
  }

  const publishWithdrawn = (
    tx: Tx,
    row: AcceptanceRow,
    { actor, by }: { actor: Actor; by: string },
  ): Promise<void> => {
    const { stack, fingerprint, message, reason } = row
    audit.record(tx, actor, {
      ...{ action: 'gap.withdrawn', object: { kind: 'stack', id: stack, name: stack } },
      before: { fingerprint, message, reason },
      ...(by === actor.name ? {} : { reason: by }),
    })
    return events.publish(tx, {
      ...{ type: 'gap.acceptance_withdrawn', subject: stack, actor: by },
      payload: { stack, fingerprint, message, by },
    })
  }

  /** History says at once what the numbers say at once. */
  const addDecision = async (tx: Tx, stack: string, decided: readonly string[]): Promise<void> => {
    const last = await findLastPoint(tx, stack)
    if (last === undefined) return
    const counts = countsOf(await selectPresent(tx, stack), await acceptedOf(tx, stack))
    await addPoint(tx, stack, clock.now(), pointOfDecision(last.content, counts, decided))
  }

  return {
    audited: () => selectAudited(db),
    acceptedOf: (stack: string): Promise<Set<string>> => acceptedOf(db, stack),
    summaries: (stack?: string): Promise<GapSummary[]> => selectSummaries(db, stack),

    async report(stack: string, isAuditing: boolean): Promise<GapReport | undefined> {
      const row = await findReport(db, stack)
      if (row === undefined) return undefined
      const since = await selectSince(db, stack)
      return describeReport(
        row,
        { since, acceptances: await selectAcceptances(db, stack) },
        isAuditing,
      )
    },

    async history(stack: string, page: { before: string | undefined; limit: number }) {
      const rows = await selectPoints(db, stack, page)
      const items: GapHistoryPoint[] = rows.map(({ point }) => point)
      return { items, nextCursor: rows.length < page.limit ? null : (rows[0]?.id ?? null) }
    },

    saveAudit: (audit: FinishedAudit): Promise<void> =>
      db.transaction(async (tx) => {
        const { stack, auditedAt, content } = audit
        const before = await selectPresent(tx, stack)
        const accepted = await acceptedOf(tx, stack)
        const difference = differenceOf(before, content.findings, accepted)
        const counts = countsOf(content.findings, accepted)
        await upsertReport(tx, { ...audit, state: 'ready', reason: null })
        await savePresent(tx, stack, content.findings, auditedAt)
        const point = pointOf(content.inventory, counts, difference)
        const last = await findLastPoint(tx, stack)
        const news = newsOf(last?.content, point)
        if (news === 'new') await addPoint(tx, stack, auditedAt, point)
        if (news === 'score' && last !== undefined) {
          await updatePoint(tx, { ...last, content: { ...last.content, score: point.score } })
        }
        const payload = changeOf(stack, difference, counts)
        if (payload === undefined) return
        await events.publish(tx, { type: 'gaps.changed', subject: stack, payload })
      }),

    saveFailure: (audit: FailedAudit): Promise<void> => upsertFailure(db, audit),

    /** Throws gap_not_found for what the last audit did not find. */
    async accept(
      actor: Actor,
      stack: string,
      fingerprint: string,
      { reason, until }: { reason: string; until: Date | null },
    ): Promise<GapFinding> {
      const by = actor.name
      await db.transaction(async (tx) => {
        const present = await selectPresent(tx, stack)
        const finding = present.find((one) => one.fingerprint === fingerprint)
        if (finding === undefined) throw unknownGap(stack, fingerprint)
        const { message } = finding
        const at = clock.now()
        await upsertAcceptance(tx, { stack, fingerprint, message, reason, by, at, until })
        await events.publish(tx, {
          ...{ type: 'gap.accepted', subject: stack, actor: by },
          payload: { stack, fingerprint, message, reason, by },
        })
        audit.record(tx, actor, {
          ...{ action: 'gap.accepted', object: { kind: 'stack', id: stack, name: stack }, reason },
          after: { fingerprint, message, until: until?.toISOString() ?? null },
        })
        await addDecision(tx, stack, [`${by} accepted: ${message}`])
      })
      return describeOne(stack, fingerprint)
    },

    /** One that nobody accepted stays as it is. */
    async withdraw(actor: Actor, stack: string, fingerprint: string): Promise<GapFinding> {
      await db.transaction(async (tx) => {
        const taken = await takeAcceptance(tx, stack, fingerprint)
        if (taken === undefined) return
        await publishWithdrawn(tx, taken, { actor, by: actor.name })
        await addDecision(tx, stack, [`${actor.name} accepts no more: ${taken.message}`])
      })
      return describeOne(stack, fingerprint)
    },

    nextLapse: (): Promise<Date | undefined> => findNextLapse(db),

    /** Takes back what was accepted until now or earlier, and says of which stacks. */
    async lapse(): Promise<Set<string>> {
      const lapsed = await db.transaction(async (tx) => {
        const rows = await takeLapsed(tx, clock.now())
        const how = { actor: systemActor, by: 'the end of its time' }
        for (const row of rows) await publishWithdrawn(tx, row, how)
        for (const [stack, own] of Map.groupBy(rows, (row) => row.stack)) {
          const decided = own.map(({ message }) => `accepted until now: ${message}`)
          await addDecision(tx, stack, decided)
        }
        return rows
      })
      return new Set(lapsed.map(({ stack }) => stack))
    },

    forgetGone: (): Promise<void> =>
      forgetGone(db, new Date(clock.now().getTime() - goneKeptDays * dayMs)),

    forgetStack: (tx: Tx, stack: string, removed: Date): Promise<void> =>
      forgetStack(tx, stack, removed),
  }
}

const unknownGap = (stack: string, fingerprint: string): AppError =>
  new AppError('gap_not_found', { message: `The last audit of ${stack} found no ${fingerprint}` })
