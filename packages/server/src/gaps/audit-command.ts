import type { AuditAnswer, AuditOrder } from '@keelson/contract'
import { askOwnCommand } from '../kernel/own-command.ts'

export type AuditCommand = (order: AuditOrder, signal: AbortSignal) => Promise<AuditAnswer>

/** A stack of 60 services takes two seconds; what is not read by then is told as not read. */
const auditTimeMs = 20_000
/** Over all: start, reading, and the answer. A folder on a network that hangs takes it. */
const timeoutMs = 40_000
/** 2,000 findings with the lines of both sides, and the stamps of 5,000 files, are half of it. */
const answerBytesMax = 16 * 1024 * 1024
/** The audit of 10,000 files takes 400 MB at the most. */
const memoryLimitMb = 768

/**
 * Has the folder of a stack audited by the command line's own program (packages/cli/src/audit-files.ts),
 * behind everything else.
 */
export const auditByCommand: AuditCommand = async (order, signal) =>
  (await askOwnCommand({
    word: '__gaps',
    order: { ...order, timeLimitMs: auditTimeMs },
    ...{ timeoutMs, answerBytesMax, memoryLimitMb, isPatient: true, signal },
  })) as AuditAnswer
