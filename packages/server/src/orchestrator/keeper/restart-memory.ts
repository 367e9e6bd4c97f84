import type { RestartCause, RestartHistory } from './restart.ts'

/** The next start as it was planned after an end, so that the next Keelson does not plan it anew. */
export type PlannedStart = {
  /** Of the incarnation that had ended. */
  incarnation: string
  cause: RestartCause
  because: string
  atMs: number
}

/**
 * What an instance is allowed is told by what it went through, also before this Keelson: a crash
 * loop does not begin anew because Keelson was restarted. Written for each restart, never for a
 * probe.
 */
export type RestartRecord = {
  restarts: number
  /** Restarts by ourselves since a person last said how it should be: what on-failure:n counts. */
  attempts: number
  histories: Partial<Record<RestartCause, RestartHistory>>
  planned: PlannedStart | null
}

export const freshRecord: RestartRecord = {
  restarts: 0,
  attempts: 0,
  histories: {},
  planned: null,
}

/** The record of one instance. What changes in one turn is saved once. */
export const createRestartMemory = (
  initial: RestartRecord,
  save: (record: RestartRecord) => void,
) => {
  let record = initial
  let isDue = false
  return {
    get now(): RestartRecord {
      return record
    },
    change(changes: Partial<RestartRecord>): void {
      record = { ...record, ...changes }
      if (isDue) return
      isDue = true
      queueMicrotask(() => {
        isDue = false
        save(record)
      })
    },
  }
}

export type RestartMemory = ReturnType<typeof createRestartMemory>
