import type { Db } from '../../kernel/db.ts'
import type { Recorder } from '../../kernel/recorder.ts'
import { saveHeld, selectHeld } from '../rollout/store.ts'
import { deleteRestarts, saveRestarts, selectRestarts } from '../store.ts'
import { freshRecord, type RestartRecord } from './restart-memory.ts'

/**
 * What is remembered of each instance beyond this process: its restarts, what it is still allowed,
 * and that somebody stopped it around Keelson.
 */
export const openRestartCounts = async (db: Db, recorder: Recorder) => {
  const records = await selectRestarts(db)
  const held = await selectHeld(db)
  return {
    of: (name: string): RestartRecord => records.get(name) ?? freshRecord,
    save(instance: { name: string; stack: string }, record: RestartRecord): void {
      records.set(instance.name, record)
      recorder.record((tx) => saveRestarts(tx, instance, record))
    },
    heldOf: (name: string): string | null => held.get(name) ?? null,
    saveHeld(instance: { name: string; stack: string }, why: string | null): void {
      if (why === null) held.delete(instance.name)
      else held.set(instance.name, why)
      recorder.record((tx) => saveHeld(tx, instance, why))
    },
    forget(stack: string, names: readonly string[]): void {
      for (const name of names) {
        records.delete(name)
        held.delete(name)
      }
      // Through the recorder: it may still hold records from before.
      recorder.record((tx) => deleteRestarts(tx, stack))
    },
  }
}

export type RestartCounts = Awaited<ReturnType<typeof openRestartCounts>>
