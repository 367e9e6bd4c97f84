import { mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf } from '../postgres/durable-file.ts'
import { digestOf, type Checkpoint } from './checkpoint.ts'

/** A line of the file: what the database must know too. */
export type KnownCheckpoint = { number: number; digest: string }

/** 700,000 checkpoints; then a new one is begun, and the one before it is kept. */
const fileMaxBytes = 64 * 1024 * 1024

/**
 * Numbers and digests of checkpoints outside of the database, so that this cannot be turned back
 * unseen. Lines are added and never changed.
 */
export const createCheckpointFile = (path: string) => {
  /** Oldest first. A line that a crash has cut short is left out. */
  async function* read(): AsyncGenerator<KnownCheckpoint> {
    for (const each of [`${path}.1`, path]) yield* linesOf(each)
  }
  return {
    read,

    /** Durable when it resolves. */
    async append(checkpoint: Checkpoint): Promise<void> {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const file = await open(path, 'a', 0o600)
      try {
        const line = { number: checkpoint.number, digest: digestOf(checkpoint) }
        // In front of it, so that a line a crash has cut short does not take this one along.
        await file.appendFile(`\n${JSON.stringify(line)}`)
        await file.sync()
        if ((await file.stat()).size > fileMaxBytes) await rename(path, `${path}.1`)
      } finally {
        await file.close()
      }
    },

    /** The highest number so far; 0 without any. */
    async highest(): Promise<number> {
      let highest = 0
      for await (const { number } of read()) highest = Math.max(highest, number)
      return highest
    },
  }
}

export type CheckpointFile = ReturnType<typeof createCheckpointFile>

async function* linesOf(path: string): AsyncGenerator<KnownCheckpoint> {
  const file = await open(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return
  for await (const line of file.readLines()) {
    const [, number, digest] = /^\{"number":(\d+),"digest":"([0-9a-f]{64})"\}$/.exec(line) ?? []
    if (number !== undefined && digest !== undefined) yield { number: Number(number), digest }
  }
}
