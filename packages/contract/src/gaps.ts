import { Type, type Static } from 'typebox'

/**
 * What a stack's files claim, declare and build, held against what runs: the report of the gap audit
 * (packages/gaps) with what the platform adds: since when, accepted by whom, how it was before.
 */

const nullableInteger = Type.Union([Type.Integer(), Type.Null()])
const nullableText = Type.Union([Type.String(), Type.Null()])
const time = Type.String({ format: 'date-time' })

export const gapSeverities = ['error', 'warning', 'info'] as const
export const GapSeverity = Type.Enum([...gapSeverities])
export type GapSeverity = (typeof gapSeverities)[number]

/** A line of a source file around a fact; secrets are masked. */
export const GapLine = Type.Object({
  line: Type.Integer(),
  text: Type.String(),
  /** The line the fact is about; the others stand around it. */
  isIt: Type.Boolean(),
})

/** One side of a finding. `line` 0: the whole file. */
export const GapFact = Type.Object(
  {
    file: Type.String({ description: 'Path in the folder that was audited' }),
    line: Type.Integer(),
    column: Type.Integer(),
    fact: Type.String(),
    excerpt: Type.Array(GapLine),
  },
  { $id: 'GapFact' },
)
export type GapFact = Static<typeof GapFact>

export const GapAcceptance = Type.Object(
  {
    reason: Type.String(),
    by: Type.String(),
    at: time,
    /** When it counts again; null: never. */
    until: Type.Union([time, Type.Null()]),
  },
  { $id: 'GapAcceptance' },
)
export type GapAcceptance = Static<typeof GapAcceptance>

export const GapFinding = Type.Object(
  {
    /** Stable across edits elsewhere in the file; what acceptances and history go by. */
    fingerprint: Type.String(),
    rule: Type.String({ description: 'family/name' }),
    severity: GapSeverity,
    title: Type.String(),
    message: Type.String(),
    service: nullableText,
    evidence: Type.Array(GapFact),
    fix: Type.String(),
    /** `keelson gaps --fix` can mend it without a decision. */
    isFixable: Type.Boolean(),
    /** When it was first found. */
    since: time,
    acceptance: Type.Union([GapAcceptance, Type.Null()]),
  },
  { $id: 'GapFinding' },
)
export type GapFinding = Static<typeof GapFinding>

export const GapService = Type.Object(
  {
    service: Type.String(),
    category: Type.String(),
    /** Named by a document of the stack. */
    claimed: Type.Boolean(),
    /** Null: it cannot be seen from here (a remote image or context). */
    built: Type.Union([Type.Boolean(), Type.Null()]),
    /** Why it is not built. */
    why: nullableText,
    /** What is expected of it; off: its profiles are, or no instance is asked for. */
    runs: Type.Enum(['always', 'once', 'off']),
    /** Of what is to end once: that it ended well, or is at it. Null: off, or it cannot be seen. */
    running: Type.Union([Type.Boolean(), Type.Null()]),
    healthy: Type.Union([Type.Boolean(), Type.Null()]),
    file: Type.String(),
    line: Type.Integer(),
  },
  { $id: 'GapService' },
)
export type GapService = Static<typeof GapService>

export const GapInventory = Type.Object(
  {
    /** The total that the documents claim; null when none does. */
    claimed: nullableInteger,
    /** Where it is claimed, in the document's own words. */
    claims: Type.Array(
      Type.Object({ text: Type.String(), file: Type.String(), line: Type.Integer() }),
    ),
    declared: Type.Integer(),
    built: Type.Integer(),
    /** Null when nobody looked. */
    running: nullableInteger,
    healthy: nullableInteger,
    services: Type.Array(GapService),
    /** 0 to 100, without what was accepted when the audit was made. */
    score: Type.Integer(),
    families: Type.Array(
      Type.Object({
        family: Type.String(),
        score: Type.Integer(),
        errors: Type.Integer(),
        warnings: Type.Integer(),
        infos: Type.Integer(),
      }),
    ),
  },
  { $id: 'GapInventory' },
)
export type GapInventory = Static<typeof GapInventory>

/** `waiting`: not audited yet. `failed`: the last audit could not be made, for this reason. */
export const gapReportStates = ['waiting', 'ready', 'failed'] as const

export const GapReport = Type.Object(
  {
    stack: Type.String(),
    /** The folder that was audited. */
    folder: Type.String(),
    state: Type.Enum([...gapReportStates]),
    reason: nullableText,
    /** An audit is under way. */
    isAuditing: Type.Boolean(),
    /** When the files were read and the instances were looked at. */
    at: Type.Union([time, Type.Null()]),
    durationMs: nullableInteger,
    /** Null until the first audit has ended. */
    inventory: Type.Union([GapInventory, Type.Null()]),
    findings: Type.Array(GapFinding),
    /** Left out by comments in the files (`keelson-ignore`), and known by the baseline. */
    suppressed: Type.Integer(),
    notRead: Type.Array(Type.Object({ file: Type.String(), why: Type.String() })),
    may: Type.Array(Type.Enum(['gaps:write']), {
      description: 'What whoever asks may do with these findings',
    }),
  },
  { $id: 'GapReport' },
)
export type GapReport = Static<typeof GapReport>

/** One stack in the list of all. Accepted findings do not count. */
export const GapSummary = Type.Object(
  {
    stack: Type.String(),
    state: Type.Enum([...gapReportStates]),
    at: Type.Union([time, Type.Null()]),
    score: nullableInteger,
    errors: Type.Integer(),
    warnings: Type.Integer(),
    infos: Type.Integer(),
    accepted: Type.Integer(),
  },
  { $id: 'GapSummary' },
)
export type GapSummary = Static<typeof GapSummary>

/** The numbers of an audit or a decision; kept when they differ from those before. Oldest first. */
export const GapHistoryPoint = Type.Object(
  {
    at: time,
    score: Type.Integer(),
    errors: Type.Integer(),
    warnings: Type.Integer(),
    infos: Type.Integer(),
    accepted: Type.Integer(),
    claimed: nullableInteger,
    declared: Type.Integer(),
    built: Type.Integer(),
    running: nullableInteger,
    /** Messages of findings that came and went with it, the gravest first, at most 20 each. */
    appeared: Type.Array(Type.String()),
    closed: Type.Array(Type.String()),
    /** What somebody accepted or took back, in a sentence each. */
    decided: Type.Array(Type.String()),
  },
  { $id: 'GapHistoryPoint' },
)
export type GapHistoryPoint = Static<typeof GapHistoryPoint>

/** What `keelson gaps --fix` would write; nothing is written by looking at it. */
export const GapFixPreview = Type.Object(
  {
    files: Type.Array(
      Type.Object({
        file: Type.String(),
        /** Unified diff with three lines around. */
        diff: Type.String(),
        fingerprints: Type.Array(Type.String()),
      }),
    ),
    /** What was asked for and cannot be mended so, and why. */
    skipped: Type.Array(Type.Object({ fingerprint: Type.String(), why: Type.String() })),
    /** The command that writes it, to be run in the folder. */
    command: Type.String(),
  },
  { $id: 'GapFixPreview' },
)
export type GapFixPreview = Static<typeof GapFixPreview>

/** A stack as it is seen running: what `running/` rules hold against its files. */
export const StackObservation = Type.Object(
  {
    at: time,
    instances: Type.Array(
      Type.Object({
        service: Type.String(),
        name: Type.String(),
        isRunning: Type.Boolean(),
        /** Absent: nobody asks it. */
        isHealthy: Type.Optional(Type.Boolean()),
        /** Of what has ended for good: whether with 0. */
        isDone: Type.Optional(Type.Boolean()),
        reason: Type.String(),
        /** Ports it listens on; absent: cannot be seen. */
        listens: Type.Optional(Type.Array(Type.Integer())),
      }),
    ),
    /** What runs under the stack's name and no file declares. */
    strangers: Type.Array(
      Type.Object({ name: Type.String(), image: Type.Optional(Type.String()) }),
    ),
    /** Listeners of this host; the owner is absent where it cannot be seen. */
    listeners: Type.Array(
      Type.Object({
        port: Type.Integer(),
        protocol: Type.Enum(['tcp', 'udp']),
        owner: Type.Optional(Type.String()),
      }),
    ),
    /** Requests of the last minutes through the gateway. */
    requests: Type.Array(
      Type.Object({ service: Type.String(), count: Type.Integer(), failed: Type.Integer() }),
    ),
    scrapes: Type.Array(
      Type.Object({
        job: Type.String(),
        host: Type.String(),
        port: Type.Integer(),
        isUp: Type.Boolean(),
        reason: Type.String(),
      }),
    ),
    /** Changed since they were applied. */
    notApplied: Type.Array(
      Type.Object({
        service: Type.String(),
        file: Type.Optional(Type.String()),
        what: Type.String(),
      }),
    ),
  },
  { $id: 'StackObservation' },
)
export type StackObservation = Static<typeof StackObservation>

/** What the platform asks the command line's own program for (`keelson __gaps`), as JSON. */
export type AuditOrder = {
  /** Absolute: the folder of a stack. */
  root: string
  /** Absolute paths of the stack's compose files, as it was started. */
  files: readonly string[]
  /** Without the listeners of this host: looking for who has them is work for the other process. */
  observation?: StackObservation
  /** Fingerprints of findings that somebody accepted. */
  accepted?: readonly string[]
  /** Fingerprints of findings to mend: no report, a diff. */
  fixes?: readonly string[]
  /** What is not read by then is told as not read. */
  timeLimitMs?: number
}

/** A finding as an audit knows it: since when, and whether somebody accepted it, the platform does. */
export type AuditedFinding = Omit<GapFinding, 'since' | 'acceptance'>

export type AuditedReport = Pick<GapReport, 'suppressed' | 'notRead'> & {
  inventory: GapInventory
  /** The gravest first. */
  findings: AuditedFinding[]
}

/**
 * Path in the folder, last change in ms since 1970, and size in bytes: -1 of what is not there, -2 of
 * what changed while it was read.
 */
export type Stamp = [path: string, changedMs: number, sizeBytes: number]

/** What findings depend on: files that were read, and folders whose listing was. */
export type Watched = {
  files: Stamp[]
  folders: Stamp[]
  /** All that these folders hold, read or not; empty when that is too much. */
  listed: string[]
}

/** What the platform is answered, as one line of JSON. */
export type AuditAnswer =
  | { kind: 'audited'; report: AuditedReport; watched: Watched; processorMs: number }
  | { kind: 'mended'; preview: GapFixPreview }
  | { kind: 'refused'; reason: string }
