import { join } from 'node:path'
import type { AuditFilter, AuditState } from '@keelson/contract'
import type { Clock } from '../clock.ts'
import type { Db } from '../db.ts'
import type { AuditSinks } from '../env-audit.ts'
import type { Keyring } from '../keys/index.ts'
import type { Log } from '../log.ts'
import { createAuditKeeper } from './keeper.ts'
import { listAudit, type AuditPage } from './list.ts'
import { createAuditRecorder, type AuditRecorder } from './recorder.ts'
import { createShippers } from './sinks/index.ts'

type Deps = {
  db: Db
  clock: Clock
  log: Log
  keyring: Keyring
  dataDir: string
  keptMonths: number
  /** None unless told. */
  sinks?: AuditSinks
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

/** The audit of a platform: written, sealed, kept as long as it is to be, delivered elsewhere, and read. */
export const createAuditLog = (deps: Deps): AuditLog => {
  const recorder = createAuditRecorder(deps)
  const checkpointFile = checkpointFileIn(deps.dataDir)
  const keeper = createAuditKeeper({ ...deps, audit: recorder, checkpointFile })
  const shippers = createShippers(deps)
  return {
    ...recorder,
    list: (filter, page) => listAudit(deps.db, filter, page),
    async state() {
      const sinks = await Promise.all(shippers.map((shipper) => shipper.state()))
      return { ...(await keeper.state()), sinks }
    },
    async start() {
      await keeper.start()
      for (const shipper of shippers) shipper.start()
    },
    async close() {
      await Promise.all(shippers.map((shipper) => shipper.stop()))
      await recorder.close()
      await keeper.stop()
    },
  }
}
