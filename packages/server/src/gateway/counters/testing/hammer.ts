import { workerData, parentPort } from 'node:worker_threads'
import { createSharedCounters } from '../shared-counters.ts'

/** What a hammering thread is told. */
export type Hammer = {
  buffer: SharedArrayBuffer
  /** A word that is 1 when all may start. */
  start: SharedArrayBuffer
  rounds: number
  limit: number
  endMs: number
  way: 'addUpTo' | 'addToWindows' | 'replace'
}

/** One thread of many: tries to take more than there is, and says how much it got. */
const hammer = ({ buffer, start, rounds, limit, endMs, way }: Hammer): number => {
  const counters = createSharedCounters(buffer)
  const windows = {
    limits: Float64Array.of(limit, limit * 2),
    endsMs: Float64Array.of(endMs, endMs * 2),
    values: new Float64Array(2),
  }
  const tries: Record<Hammer['way'], () => boolean> = {
    addUpTo: () => counters.addUpTo('hammered', 1, limit, endMs).added,
    addToWindows: () => counters.addToWindows('hammered', 1, Date.now(), windows),
    replace: () => {
      const seen = counters.get('hammered')
      return seen < limit && counters.replace('hammered', seen, seen + 1, endMs)
    },
  }
  Atomics.wait(new Int32Array(start), 0, 0)
  let taken = 0
  for (let round = 0; round < rounds; round += 1) if (tries[way]()) taken += 1
  return taken
}

parentPort?.postMessage(hammer(workerData as Hammer), [])
