import { createAuditRecorder, type AuditRecorder } from '../audit/index.ts'
import { systemClock } from '../clock.ts'
import type { Db } from '../db.ts'
import { createKeyring } from '../keys/index.ts'
import { quietLog } from './log.ts'

/** The same in all tests. */
export const testKeyring = createKeyring(new Map([[1, Buffer.alloc(32, 1)]]))

/** The audit of a database of a test. */
export const createTestAudit = (db: Db): AuditRecorder =>
  createAuditRecorder({ db, clock: systemClock, log: quietLog, keyring: testKeyring })
