import type { AuditState } from '@keelson/contract'
import type { Clock, Timer } from '../clock.ts'
import type { Db } from '../db.ts'
import { messageOf } from '../errors.ts'
import type { Keyring } from '../keys/index.ts'
import type { Log } from '../log.ts'
import type { Audit } from './audit.ts'
import { createCheckpointFile } from './checkpoint-file.ts'
import { createCheckpoints } from './checkpoints.ts'
import { findLastCheckpoint } from './checkpoint-store.ts'
import { bodyOf } from './checkpoint.ts'
import { dropOldMonths, makePartitions } from './partitions.ts'

type KeeperDeps = {
  db: Db
  clock: Clock
  log: Log
  keyring: Keyring
  audit: Pick<Audit, 'record'>
  /** Of the checkpoints this data folder has seen. */
  checkpointFile: string
  /** 0: for ever. */
  keptMonths: number
}

const checkpointEveryMs = 10_000
const partitionsEveryMs = 3_600_000

/** What the audit needs from time to time: checkpoints, and months that come and go. */
export const createAuditKeeper = (deps: KeeperDeps) => {
  const { db, clock, log, keptMonths } = deps
  const checkpoints = createCheckpoints({
    ...deps,
    file: createCheckpointFile(deps.checkpointFile),
  })
  let timer: Timer | undefined
  let running: Promise<void> = Promise.resolve()
  let stopped = false
  let partitionsAtMs = -Infinity

  const keepPartitions = async (): Promise<void> => {
    await makePartitions(db, clock)
    if (keptMonths > 0) await checkpoints.write((tx, before) => dropOldMonths(tx, before, deps))
    partitionsAtMs = clock.monotonicMs()
  }

  const round = async (): Promise<void> => {
    if (clock.monotonicMs() - partitionsAtMs >= partitionsEveryMs) await told(keepPartitions)
    await told(() => checkpoints.write())
    if (!stopped) timer = clock.setTimer(again, checkpointEveryMs)
  }

  const again = (): void => {
    running = round()
  }

  const told = (work: () => Promise<void>): Promise<void> =>
    work().catch((error: unknown) =>
      log.warn({ reason: messageOf(error) }, 'the audit is sealed later'),
    )

  return {
    async start(): Promise<void> {
      running = round()
      await running
    },

    /** What was written until now is signed. */
    async stop(): Promise<void> {
      stopped = true
      timer?.cancel()
      await running
      await told(() => checkpoints.write())
    },

    async state(): Promise<Omit<AuditState, 'sinks'>> {
      const last = await findLastCheckpoint(db)
      const checkpoint = last === undefined ? null : { number: last.number, at: bodyOf(last).at }
      return { keptMonths, checkpoint }
    },
  }
}
