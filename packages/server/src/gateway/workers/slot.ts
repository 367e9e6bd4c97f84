import type { Clock, Timer } from '../../kernel/clock.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { ProxyLog } from '../proxy/index.ts'
import type { GatewaySnapshot } from '../snapshot.ts'
import { LineEnded } from './line.ts'
import { createSnapshotWriter } from './sent-snapshot.ts'
import type { Addresses, ThreadVerbs } from './thread.ts'
import type { RunningWorker } from './worker.ts'

const pauseFirstMs = 250
const pauseMostMs = 30_000
/** Who has served for so long starts at once the next time. */
const steadyMs = 60_000
/** Looks in a row, one a second, at which it has not answered the one before: it is stuck. */
const missedMost = 10
/** What a worker may take beyond the grace to end. */
const endingMs = 2000

type Life = {
  worker: RunningWorker
  write: ReturnType<typeof createSnapshotWriter>
  sinceMs: number
  isServing: boolean
}

type SlotDeps = {
  /** From 1. */
  number: number
  clock: Clock
  log: ProxyLog
  start: () => RunningWorker
  /** The snapshot in effect; undefined before the first. */
  snapshot: () => GatewaySnapshot | undefined
  /** It serves, or has ended. */
  onChange: () => void
  /** It has ended, and nobody told it to. */
  onLost: () => void
}

export type Slot = ReturnType<typeof createSlot>

/** The place of one worker: whoever ends there is followed by another one, after growing pauses. */
export const createSlot = (deps: SlotDeps) => {
  const { number, clock, log } = deps
  let life: Life | undefined
  let stopping = false
  let starts = 0
  let pauseMs = pauseFirstMs
  let timer: Timer | undefined
  let problem: string | undefined
  let missed = 0

  const begin = async (): Promise<Addresses> => {
    starts += 1
    missed = 0
    const worker = deps.start()
    const own: Life = {
      ...{ worker, write: createSnapshotWriter() },
      ...{ sinceMs: clock.monotonicMs(), isServing: false },
    }
    life = own
    void worker.ended.then((reason) => onEnded(own, reason))
    const addresses = await open(own)
    own.isServing = true
    problem = undefined
    deps.onChange()
    return addresses
  }

  const open = async ({ worker, write }: Life): Promise<Addresses> => {
    try {
      const snapshot = deps.snapshot()
      if (snapshot !== undefined) await worker.line.ask('apply', write(snapshot))
      return await worker.line.ask('open', null)
    } catch (error) {
      if (!(error instanceof LineEnded)) throw error
      throw new LineEnded(`worker ${number} of the gateway does not start: ${await worker.ended}`)
    }
  }

  const onEnded = (own: Life, reason: string): void => {
    if (life === own) life = undefined
    if (stopping) return
    log.error({ worker: number, reason, pauseMs }, 'gateway worker lost, another one starts')
    problem = `Worker ${number} of the gateway is lost (${reason}); another one starts.`
    deps.onLost()
    deps.onChange()
    if (clock.monotonicMs() - own.sinceMs >= steadyMs) pauseMs = pauseFirstMs
    timer = clock.setTimer(() => void beginAgain(), pauseMs)
    pauseMs = Math.min(2 * pauseMs, pauseMostMs)
  }

  const beginAgain = async (): Promise<void> => {
    try {
      await begin()
      log.info({ worker: number }, 'gateway worker serves again')
    } catch (error) {
      if (error instanceof LineEnded) return
      log.error({ worker: number, reason: messageOf(error) }, 'gateway worker does not start')
      life?.worker.kill()
    }
  }

  /** Undefined when nobody is there, or ends before the answer. */
  const ask = async <V extends keyof ThreadVerbs>(
    verb: V,
    arg: Parameters<ThreadVerbs[V]>[0],
  ): Promise<Awaited<ReturnType<ThreadVerbs[V]>> | undefined> => {
    try {
      return await life?.worker.line.ask(verb, arg)
    } catch (error) {
      if (error instanceof LineEnded) return undefined
      throw error
    }
  }

  return {
    number,
    ask,
    tell: <V extends keyof ThreadVerbs>(verb: V, arg: Parameters<ThreadVerbs[V]>[0]): void =>
      life?.worker.line.tell(verb, arg),
    /** The first time; rejects with what is in the way. */
    start: begin,
    apply: async (snapshot: GatewaySnapshot): Promise<void> => {
      if (life !== undefined) await ask('apply', life.write(snapshot))
    },
    isServing: (): boolean => life?.isServing === true,
    restarts: (): number => Math.max(0, starts - 1),
    problem: (): string | undefined => problem,

    /** Once a second: ends a worker that is stuck, which only another thread can see. */
    look(): void {
      if (life?.isServing !== true) return
      missed += 1
      if (missed > missedMost) {
        log.error({ worker: number, seconds: missedMost }, 'gateway worker is stuck')
        life.worker.kill()
      } else if (missed === 1) {
        void ask('figure', 'isDraining').then(
          () => (missed = 0),
          () => (missed = 0),
        )
      }
    },

    /** Lets it come to an end, for so long. */
    async stop(graceMs: number): Promise<void> {
      stopping = true
      timer?.cancel()
      const last = life
      if (last === undefined) return
      const ending = clock.setTimer(() => last.worker.kill(), graceMs + endingMs)
      await ask('close', graceMs).catch((error: unknown) =>
        log.warn({ worker: number, reason: messageOf(error) }, 'gateway worker did not close'),
      )
      ending.cancel()
      last.worker.kill()
      await last.worker.ended
    },
  }
}
