import type { ProblemDetail, Reading, StackSpec } from '@keelson/contract'
import { askOwnCommand } from '../../kernel/own-command.ts'

/** What `keelson __read` answers (packages/cli/src/read-files.ts). */
export type FilesRead =
  | { kind: 'read'; spec: StackSpec; warnings: ProblemDetail[] }
  | { kind: 'refused'; code: string; faults: ProblemDetail[] }

export type FilesReader = (reading: Reading) => Promise<FilesRead>

/** Half a second is usual; a folder on a network that hangs must not hold an answer for ever. */
const timeoutMs = 30_000
/** A stack spec larger than this could not be sent by the command line either. */
const answerBytesMax = 16 * 1024 * 1024

/**
 * Has the files of a stack read as `keelson up` reads them, by the same program in a process of its
 * own: what a file means is decided in one place, and a file that is hard to read (the loader allows
 * megabytes) stalls no probe.
 */
export const readByCommand: FilesReader = async (reading) =>
  (await askOwnCommand({ word: '__read', order: reading, timeoutMs, answerBytesMax })) as FilesRead
