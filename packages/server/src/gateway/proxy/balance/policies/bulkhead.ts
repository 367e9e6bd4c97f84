import type { ServiceTuning } from '../../../config/tuning.ts'

/**
 * Requests at once to one service, and a line of those that wait.
 *
 * The engine calls `enter` once for each request. `'in'`: go on, and `leave` exactly once when the
 * request has ended. `'waits'`: `onTurn` is called later, either with true (it is in; same duty) or
 * with false (it waited too long: 503). `'full'`: 503 at once. A client that leaves while it waits
 * is taken out by `forget`. `sweep` is called with the other deadlines. `setLimit` is for a limit
 * that moves (adaptive-concurrency.ts).
 */
export type Bulkhead = {
  enter(waiter: Waiter, nowMs: number): 'in' | 'waits' | 'full'
  leave(): void
  forget(waiter: Waiter): void
  sweep(nowMs: number): void
  setLimit(limit: number): void
  readonly inFlight: number
  readonly waiting: number
}

export type Waiter = { onTurn(isIn: boolean): void }

export const createBulkhead = (tuning: NonNullable<ServiceTuning['bulkhead']>): Bulkhead => {
  /** In the order of their coming, which is also that of their deadlines. */
  const line = new Map<Waiter, number>()
  let limit = tuning.max_in_flight
  let inFlight = 0

  const letIn = (): void => {
    for (const waiter of line.keys()) {
      if (inFlight >= limit) return
      line.delete(waiter)
      inFlight += 1
      waiter.onTurn(true)
    }
  }

  return {
    enter(waiter, nowMs) {
      if (inFlight < limit) {
        inFlight += 1
        return 'in'
      }
      if (line.size >= tuning.max_queue) return 'full'
      line.set(waiter, nowMs + tuning.max_wait_ms)
      return 'waits'
    },
    leave() {
      inFlight -= 1
      letIn()
    },
    forget: (waiter) => void line.delete(waiter),
    sweep(nowMs) {
      for (const [waiter, deadlineMs] of line) {
        if (deadlineMs > nowMs) return
        line.delete(waiter)
        waiter.onTurn(false)
      }
    },
    setLimit(next) {
      limit = next
      letIn()
    },
    get inFlight() {
      return inFlight
    },
    get waiting() {
      return line.size
    },
  }
}
