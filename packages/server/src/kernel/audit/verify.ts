import type { Db } from '../db.ts'
import type { Keyring } from '../keys/index.ts'
import type { CheckpointFile } from './checkpoint-file.ts'
import { createFindings } from './findings.ts'
import { verifyCheckpoints } from './verify-checkpoints.ts'
import { verifyLanes } from './verify-lanes.ts'

export type Verification = {
  rows: number
  checkpoints: number
  /** ISO 8601; null when there is no checkpoint yet. */
  lastCheckpointAt: string | null
  /** The first hundred of them. */
  findings: readonly string[]
  findingsCount: number
}

type Deps = { db: Db; keyring: Keyring; file: CheckpointFile }

/**
 * Reads all of the audit as it is at one moment, in bounded memory: every row against its mac, its
 * place in its lane and the row before; every lane against its end; every checkpoint against its
 * signature, the one before, the rows it names and the file.
 */
export const verifyAudit = async ({ db, keyring, file }: Deps): Promise<Verification> => {
  // Before that moment: what the file has seen by then, the database had committed.
  const fileUpTo = await file.highest()
  return db.transaction(async (tx) => {
    await tx.execute('set transaction isolation level repeatable read read only')
    const findings = createFindings()
    const { dropped, ...sealed } = await verifyCheckpoints(tx, {
      ...{ keyring, file, fileUpTo, findings },
    })
    const rows = await verifyLanes(tx, { starts: dropped?.ends ?? [], keyring, findings })
    return { rows, ...sealed, findings: findings.first, findingsCount: findings.count() }
  })
}
