import { setImmediate as breathe } from 'node:timers/promises'

/** Work that yields wherever others may come in between; at most some 100 µs lie between two yields. */
export type Work<T> = Generator<void, T, void>

/** Longest that such work holds up requests at a time. */
const sliceMs = 2

/** Does it without a pause. */
export const atOnce = <T>(work: Work<T>): T => {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** Does it so that whoever waits for the event loop gets it after `sliceMs`. */
export const inSlices = async <T>(work: Work<T>): Promise<T> => {
  let endMs = performance.now() + sliceMs
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    if (performance.now() < endMs) continue
    await breathe()
    endMs = performance.now() + sliceMs
  }
}
