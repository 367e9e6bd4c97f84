import type { GapFinding, GapFixPreview, GapReport, StackObservation } from '@keelson/contract'
import { askOwnCommand } from '../kernel/own-command.ts'

/** What `keelson __gaps` is told and answers (packages/cli/src/audit-files.ts). */
export type AuditOrder = {
  root: string
  files: readonly string[]
  /** Without the listeners of this host: looking for who has them is work for the other process. */
  observation?: StackObservation
  accepted?: readonly string[]
  fixes?: readonly string[]
}

export type AuditedFinding = Omit<GapFinding, 'since' | 'acceptance'>

export type AuditedReport = Pick<GapReport, 'suppressed' | 'notRead'> & {
  inventory: NonNullable<GapReport['inventory']>
  /** The gravest first. */
  findings: AuditedFinding[]
}

/** Path in the folder, last change in ms, size in bytes; see there. */
export type Stamp = [path: string, changedMs: number, sizeBytes: number]

/** What findings depend on: files that were read, folders that were listed, and all these hold. */
export type Watched = { files: Stamp[]; folders: Stamp[]; listed: string[] }

export type AuditAnswer =
  | { kind: 'audited'; report: AuditedReport; watched: Watched; processorMs: number }
  | { kind: 'mended'; preview: GapFixPreview }
  | { kind: 'refused'; reason: string }

export type AuditCommand = (order: AuditOrder, signal: AbortSignal) => Promise<AuditAnswer>

/** A stack of 60 services takes two seconds; what is not read by then is told as not read. */
const auditTimeMs = 20_000
/** Over all: start, reading, and the answer. A folder on a network that hangs takes it. */
const timeoutMs = 40_000
/** 2,000 findings with the lines of both sides, and the stamps of 5,000 files, are half of it. */
const answerBytesMax = 16 * 1024 * 1024
/** The audit of 10,000 files takes 400 MB at the most. */
const memoryLimitMb = 768

/** Has the folder of a stack audited by the command line's own program, behind everything else. */
export const auditByCommand: AuditCommand = async (order, signal) =>
  (await askOwnCommand({
    word: '__gaps',
    order: { ...order, timeLimitMs: auditTimeMs },
    ...{ timeoutMs, answerBytesMax, memoryLimitMb, isPatient: true, signal },
  })) as AuditAnswer
