import type { EventPayload, GapFinding, GapInventory, GapReport } from '@keelson/contract'
import type { AcceptanceRow, HistoryContent, ReportRow, SeenFinding } from './store.ts'

/** What an audit brought, held against the one before; what somebody accepted is no news. */
export type Difference = { appeared: SeenFinding[]; closed: SeenFinding[] }

/** Both in the order of the gravest first. */
export const differenceOf = (
  before: readonly SeenFinding[],
  now: readonly SeenFinding[],
  accepted: ReadonlySet<string>,
): Difference => {
  const known = new Set(before.map(({ fingerprint }) => fingerprint))
  const left = new Set(now.map(({ fingerprint }) => fingerprint))
  const isNews = ({ fingerprint }: SeenFinding): boolean => !accepted.has(fingerprint)
  return {
    appeared: now.filter((one) => isNews(one) && !known.has(one.fingerprint)).sort(byGravity),
    closed: before.filter((one) => isNews(one) && !left.has(one.fingerprint)).sort(byGravity),
  }
}

const gravity: Readonly<Record<string, number>> = { error: 0, warning: 1, info: 2 }
const byGravity = (a: SeenFinding, b: SeenFinding): number =>
  (gravity[a.severity] ?? 3) - (gravity[b.severity] ?? 3)

const messagesMax = 20
const messageLengthMax = 500

export const countsOf = (findings: readonly SeenFinding[], accepted: ReadonlySet<string>) => {
  const counted = findings.filter(({ fingerprint }) => !accepted.has(fingerprint))
  const of = (severity: string): number => counted.filter((one) => one.severity === severity).length
  return {
    ...{ errors: of('error'), warnings: of('warning'), infos: of('info') },
    accepted: findings.length - counted.length,
  }
}

/** How it stands after an audit, for the history. */
export const pointOf = (
  inventory: GapInventory,
  counts: ReturnType<typeof countsOf>,
  { appeared, closed }: Difference,
): HistoryContent => {
  const { score, claimed, declared, built, running } = inventory
  const messages = (list: readonly SeenFinding[]): string[] =>
    list.slice(0, messagesMax).map(({ message }) => message.slice(0, messageLengthMax))
  return {
    ...{ score, ...counts, claimed, declared, built, running, decided: [] },
    ...{ appeared: messages(appeared), closed: messages(closed) },
  }
}

/** How it stands after somebody accepted a finding, or took that back; the score comes later. */
export const pointOfDecision = (
  before: HistoryContent,
  counts: ReturnType<typeof countsOf>,
  decided: readonly string[],
): HistoryContent => ({
  ...{ ...before, ...counts, appeared: [], closed: [] },
  decided: decided.slice(0, messagesMax).map((text) => text.slice(0, messageLengthMax)),
})

/**
 * What an audit adds to the history: `same` nothing; `score` only the score that the decision before
 * it has changed; `new` a point of its own.
 */
export const newsOf = (
  before: HistoryContent | undefined,
  now: HistoryContent,
): 'same' | 'score' | 'new' => {
  if (before === undefined || now.appeared.length + now.closed.length > 0) return 'new'
  const { appeared: _came, closed: _went, decided: _said, ...numbers } = now
  const changed = Object.entries(numbers)
    .filter(([name, value]) => Reflect.get(before, name) !== value)
    .map(([name]) => name)
  if (changed.length === 0) return 'same'
  return before.decided.length > 0 && changed.join() === 'score' ? 'score' : 'new'
}

/** What is announced; undefined when nothing came and nothing went. */
export const changeOf = (
  stack: string,
  { appeared, closed }: Difference,
  { errors, warnings }: { errors: number; warnings: number },
): EventPayload<'gaps.changed'> | undefined => {
  const first = appeared[0] ?? closed[0]
  if (first === undefined) return undefined
  return {
    ...{ stack, appeared: appeared.length, closed: closed.length, errors, warnings },
    first: first.message.slice(0, messageLengthMax),
  }
}

type Kept = {
  since: ReadonlyMap<string, Date>
  acceptances: readonly AcceptanceRow[]
}

/** Findings of the last audit, each with since when it is known and who accepted it. */
export const describeFindings = (row: ReportRow, { since, acceptances }: Kept): GapFinding[] => {
  const accepted = new Map(acceptances.map((one) => [one.fingerprint, one]))
  const at = row.auditedAt ?? row.triedAt
  return (row.content?.findings ?? []).map((finding) => {
    const acceptance = accepted.get(finding.fingerprint)
    return {
      ...finding,
      since: (since.get(finding.fingerprint) ?? at).toISOString(),
      acceptance: acceptance === undefined ? null : describeAcceptance(acceptance),
    }
  })
}

const describeAcceptance = ({ reason, by, at, until }: AcceptanceRow) => ({
  ...{ reason, by, at: at.toISOString(), until: until?.toISOString() ?? null },
})

/** As the platform itself sees it; answers are made of it for whoever asks. */
export const describeReport = (row: ReportRow, kept: Kept, isAuditing: boolean): GapReport => ({
  ...{ stack: row.stack, folder: row.folder, state: row.state, reason: row.reason, isAuditing },
  ...{ at: row.auditedAt?.toISOString() ?? null, durationMs: row.durationMs },
  inventory: row.content?.inventory ?? null,
  findings: describeFindings(row, kept),
  suppressed: row.content?.suppressed ?? 0,
  notRead: row.content?.notRead ?? [],
  may: ['gaps:write'],
})

/** Before the first audit of a stack has ended. */
export const waitingReport = (stack: string, folder: string, isAuditing: boolean): GapReport => ({
  ...{ stack, folder, state: 'waiting', reason: null, isAuditing, at: null, durationMs: null },
  ...{ inventory: null, findings: [], suppressed: 0, notRead: [], may: ['gaps:write'] },
})
