import type { Db } from '../../kernel/db.ts'
import type { Recorder } from '../../kernel/recorder.ts'
import { saveHeld, selectHeld } from '../rollout/store.ts'
import { deleteRestarts, saveRestarts, selectRestarts } from '../store.ts'

/**
 * What is remembered of each instance beyond this process: how often it was restarted, and that
 * somebody stopped it around Keelson.
 */
export const openRestartCounts = async (db: Db, recorder: Recorder) => {
  const counts = await selectRestarts(db)
  const held = await selectHeld(db)
  return {
    of: (name: string): number => counts.get(name) ?? 0,
    save(instance: { name: string; stack: string }, count: number): void {
      counts.set(instance.name, count)
      recorder.record((tx) => saveRestarts(tx, instance, count))
    },
    heldOf: (name: string): string | null => held.get(name) ?? null,
    saveHeld(instance: { name: string; stack: string }, why: string | null): void {
      if (why === null) held.delete(instance.name)
      else held.set(instance.name, why)
      recorder.record((tx) => saveHeld(tx, instance, why))
    },
    forget(stack: string, names: readonly string[]): void {
      for (const name of names) {
        counts.delete(name)
        held.delete(name)
      }
      // Through the recorder: it may still hold counts from before.
      recorder.record((tx) => deleteRestarts(tx, stack))
    },
  }
}

export type RestartCounts = Awaited<ReturnType<typeof openRestartCounts>>
