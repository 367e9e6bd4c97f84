import type { LogStream, StoredLine } from './log-position.ts'

export type LogInstance = { stack: string; name: string }

/** One append, as it waits for the disk. */
export type LogEntry = LogInstance & { stream: LogStream; lines: readonly string[]; atMs: number }

/** One append on its way to the disk; `stored` is filled for the tails, if there are any. */
export type StampedEntry = LogEntry & { atUs: number; stored: StoredLine[] }
