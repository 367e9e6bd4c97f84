/**
 * Logs: the output of every instance, in a few bounded files each. Invariants: times rise across
 * all instances, so a cursor is a place in all logs at once; memory and disk are bounded, and what
 * a bound costs is said in the log itself, on the stream `keelson`.
 */
export { createLogStore } from './log-store.ts'
export { lastWords } from './last-words.ts'
export type { LogInstance } from './log-entry.ts'
export type { LogQuery, LogStore, LogStoreOptions, LogWriter } from './log-store.ts'
export type { LogTail, TailQuery } from './log-tail.ts'
