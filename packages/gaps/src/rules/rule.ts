import type { Fact } from '../place.ts'
import type { Edit } from '../fix/edit.ts'
import type { RunningEvidence, System } from '../systems/system.ts'

/**
 * `error`: it does not work, or is open to anybody. `warning`: it will hurt one day.
 * `info`: worth knowing; never fails a build.
 */
export type Severity = 'error' | 'warning' | 'info'

/** The gravest first. */
export const severityRank: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 }

export const families = [
  'compose',
  'claims',
  'missing',
  'health',
  'configuration',
  'network',
  'observability',
  'resilience',
  'security',
  'routes',
  'running',
  'suppression',
] as const
export type Family = (typeof families)[number]

/** One case of a rule. Its first fact is where it is shown; the others are the other side. */
export type Found = {
  /** The service it is about; absent when it is about the system or a document. */
  service?: string
  /** Of a case that is graver or milder than the rule. */
  severity?: Severity
  /** One sentence: what is so, and what it contradicts. No full stop. */
  message: string
  evidence: readonly [Fact, ...Fact[]]
  /** What to do about this case, one sentence or a line of YAML. */
  fix: string
  /** What tells two cases of one rule in one service apart for a baseline; default: the message. */
  subject?: string
  /** What mends it without a decision (or with the one that naming the rule is). */
  edits?: readonly Edit[]
}

/** A repository in small: its files, and what the rule finds in it as `service: message`. */
export type Example = {
  title: string
  files: Readonly<Record<string, string>>
  /** What is seen running of it, for the rules about that. */
  running?: RunningEvidence
  /** Words of the message by service (`-` for none); empty when nothing is to be found. */
  finds: readonly { service: string; says: string; severity?: Severity }[]
}

export type Rule = {
  /** `family/name`. */
  id: `${Family}/${string}`
  title: string
  severity: Severity
  /** Why it matters, with the class of incident that it leads to. Markdown, two or three sentences. */
  why: string
  /** What it holds against what, for the documentation: `compose healthcheck`, `Dockerfile HEALTHCHECK`. */
  joins: readonly string[]
  /** How such gaps are closed in general. Markdown. */
  fix: string
  /**
   * Its harm comes to what lasts or serves others: a step milder in a stack whose name says that it
   * is for development or for tests.
   */
  isMilderInDevelopment?: true
  /**
   * Can `--fix` mend it? `when asked`: the mend is a decision, which naming the rule takes. Absent:
   * never. Single findings may lack what it takes.
   */
  fixable?: 'always' | 'when asked'
  /** What whoever has it mended should know, in a sentence or two. */
  caution?: string
  /** Judged once for each reading of the compose files; the same finding is reported once. */
  find: (system: System) => Iterable<Found>
  examples: readonly Example[]
}

/** The command that mends what a rule finds; undefined: a person does. */
export const fixCommandOf = ({ id, fixable }: Rule): string | undefined => {
  if (fixable === undefined) return undefined
  return fixable === 'always' ? 'keelson gaps --fix' : `keelson gaps --fix --rule ${id}`
}

/** One finding as it is reported. */
export type Finding = {
  rule: Rule['id']
  severity: Severity
  title: string
  message: string
  /** The stack it belongs to: the folder of its compose file, `.` for the root. */
  system: string
  service: string | null
  evidence: readonly Fact[]
  fix: string
  /** Stable across edits elsewhere in the file; what baselines and histories go by. */
  fingerprint: string
  edits: readonly Edit[]
}
