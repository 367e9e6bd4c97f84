import { join } from 'node:path'
import type { AuditFilter, AuditState } from '@keelson/contract'
import type { Clock } from '../clock.ts'
import type { Db } from '../db.ts'
import type { Keyring } from '../keys/index.ts'
import type { Log } from '../log.ts'
import { createAuditKeeper } from './keeper.ts'
import { listAudit, type AuditPage } from './list.ts'
import { createAuditRecorder, type AuditRecorder } from './recorder.ts'

type Deps = {
  db: Db
  clock: Clock
  log: Log
  keyring: Keyring
  dataDir: string
  keptMonths: number
}

export type AuditLog = AuditRecorder & {
  list(
    filter: AuditFilter,
    page: { cursor?: string | undefined; limit: number },
  ): Promise<AuditPage>
  state(): Promise<AuditState>
  start(): Promise<void>
}

/** Checkpoints this data folder has seen. */
export const checkpointFileIn = (dataDir: string): string =>
  join(dataDir, 'audit', 'checkpoints.jsonl')

/** The audit of a platform: written, sealed, kept as long as it is to be, and read. */
export const createAuditLog = (deps: Deps): AuditLog => {
  const recorder = createAuditRecorder(deps)
  const checkpointFile = checkpointFileIn(deps.dataDir)
  const keeper = createAuditKeeper({ ...deps, audit: recorder, checkpointFile })
  return {
    ...recorder,
    list: (filter, page) => listAudit(deps.db, filter, page),
    state: () => keeper.state(),
    start: () => keeper.start(),
    async close() {
      await recorder.close()
      await keeper.stop()
    },
  }
}
