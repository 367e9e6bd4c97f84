import type { Clock } from '../../kernel/clock.ts'
import { AppError, messageOf } from '../../kernel/errors.ts'
import type { ServiceSpec } from '@keelson/contract'
import { causeOfEnd, describeEnd } from './ending.ts'
import type { KeeperEvent } from './keeper-deps.ts'
import type { Life } from './life.ts'
import type { RestartMemory } from './restart-memory.ts'
import { answerTo, staysStopped, type RestartCause } from './restart.ts'
import type { Standing } from './standing.ts'
import { createStartSchedule } from './start-schedule.ts'
import type { InstanceWish } from './wish.ts'

type AnswerDeps = {
  clock: Clock
  random: () => number
  /** A dependency that it needs and that is down; null when all are there. */
  lostDependency: (spec: ServiceSpec) => string | null
  announce: (event: KeeperEvent) => void
  /** Stopped from outside and left so: why. */
  held: string | null
  saveHeld: (held: string | null) => void
  memory: RestartMemory
  life: Life
  standing: Standing
  /** The time of a planned start has come. */
  onDue: () => void
}

/** Without a health check, staying up for so long is what tells a start from a crash loop. */
const stableMs = 10_000
/** These pass by themselves, and nothing was started: they are waited for whatever the policy. */
const passing: ReadonlySet<string> = new Set(['port_taken', 'engine_unavailable'])
/** A missing program or user does not appear by itself. */
const final: ReadonlySet<string> = new Set([
  'command_not_found',
  'working_dir_not_found',
  'user_not_found',
])

/** The engine calls the request itself wrong (400): the same one is refused for ever. */
const isRefusedAsWrong = (error: unknown): boolean =>
  error instanceof AppError &&
  error.code === 'engine_failed' &&
  error.cause instanceof Error &&
  'statusCode' in error.cause &&
  error.cause.statusCode === 400

/**
 * What becomes of an instance that went wrong: it is started again, later and later, or given up,
 * or left as somebody wanted it. The file's restart policy decides.
 */
export const createAnswers = (deps: AnswerDeps) => {
  const { clock, life, standing, memory } = deps
  const { step, explain } = standing
  const schedule = createStartSchedule(deps)
  /** What went wrong since it was last told what to be: what an update looks at. */
  let setbacks = { digest: '', count: 0 }
  let held = deps.held
  let interrupted = false

  const noteSetback = ({ digest }: InstanceWish): void => {
    const before = setbacks.digest === digest ? setbacks.count : 0
    setbacks = { digest, count: before + 1 }
  }

  const surrender = (wish: InstanceWish, because: string): void => {
    noteSetback(wish)
    step('give_up', because)
    deps.announce({ kind: 'failed', reason: because })
  }

  const backOff = (
    wish: InstanceWish,
    because: string,
    { delayMs, budget }: { delayMs: number; budget: string },
  ): void => {
    const seconds = (delayMs / 1000).toFixed(delayMs < 10_000 ? 1 : 0)
    standing.troubled = true
    noteSetback(wish)
    standing.startCause = because
    step('retry', `${because}; ${budget}next start in ${seconds} s`)
  }

  /** Its start was planned, and counted, by a Keelson before this one. */
  const goOn = (wish: InstanceWish, plan: { because: string; delayMs: number }): void =>
    backOff(wish, plan.because, { delayMs: plan.delayMs, budget: '' })

  const tryAgain = (wish: InstanceWish, because: string, as: RestartCause): void => {
    const { incarnation = null, running, endedOutside } = life.observed ?? {}
    const next = schedule.plan(as, { incarnation, because }, wish.spec.restart.delayMs)
    const { delayMs, attempt } = next
    interrupted = running === false && endedOutside !== undefined && attempt === 1
    backOff(wish, because, { delayMs, budget: next.exhausted ? 'restarted too often; ' : '' })
    deps.announce({ kind: 'restart_scheduled', delayMs, attempt, reason: because })
  }

  /** Left as somebody wanted it, until a person asks Keelson for it. */
  const hold = (because: string): void => {
    held = because
    deps.saveHeld(because)
    standing.troubled = false
    schedule.cancel()
    step('stop', because)
    step('ended', because)
  }

  /** Having stayed up, it starts with a clean record. */
  const noteUptime = ({ spec }: InstanceWish): void => {
    const { exit = null, startedAt } = life.observed ?? {}
    const sinceMs = clock.now().getTime() - standing.phaseSince.getTime()
    // It may have been up for long before this Keelson came.
    const livedMs =
      exit === null || startedAt === undefined ? 0 : Number(exit.at) - Number(startedAt)
    const upMs = Math.max(sinceMs, livedMs)
    if (spec.probe === null && upMs >= stableMs) schedule.wasHealthy()
    if (upMs >= (spec.restart.windowMs ?? Infinity)) memory.change({ attempts: 0 })
  }

  const endedOutside = (wish: InstanceWish, how: 'stopped' | 'removed', why: string): void => {
    deps.announce({ kind: 'interrupted', how: why })
    if (how === 'stopped' && staysStopped(wish.spec.restart)) return hold(why)
    if (wish.spec.restart.policy === 'no') return surrender(wish, why)
    tryAgain(wish, why, 'crash')
  }

  return {
    schedule,
    get held(): string | null {
      return held
    },
    /** Its trouble was somebody's doing around Keelson, and the first since it was well. */
    get interrupted(): boolean {
      return interrupted
    },
    /** Of the definition that is wanted now: an earlier one may still end while it is replaced. */
    setbacksOf: ({ digest }: InstanceWish): number =>
      setbacks.digest === digest ? setbacks.count : 0,
    /** From here on it is another thing, or another try: what went wrong before counts no more. */
    forgive: (): void => void (setbacks = { digest: '', count: 0 }),
    /** A person says how it should be. */
    forgetHistory: (): void => schedule.forgetHistory(),
    countAttempt: (): void => memory.change({ attempts: memory.now.attempts + 1 }),
    release(): void {
      if (held === null) return
      held = null
      deps.saveHeld(null)
    },
    explainHeld: (): void => explain(held ?? ''),

    /** The instance has ended and nobody of us asked for it. */
    ended(wish: InstanceWish): void {
      const end = life.observed ?? { exit: null }
      const why = describeEnd(end, wish.spec)
      const code = end.exit?.code ?? null
      standing.exitCode = code
      const resumed = schedule.resume(life.observed?.incarnation ?? null)
      if (resumed !== null) return goOn(wish, resumed)
      noteUptime(wish)
      if (
        'endedOutside' in end &&
        (end.endedOutside === 'stopped' || end.endedOutside === 'removed')
      )
        return endedOutside(wish, end.endedOutside, why)
      const lost = deps.lostDependency(wish.spec)
      const because = lost === null ? why : `${why}, while ${lost} is down`
      const signal = end.exit?.signal ?? null
      deps.announce({ kind: 'exited', exitCode: code, signal, reason: because })
      const answer = answerTo(wish.spec.restart, code, memory.now.attempts)
      if (answer.kind === 'give_up') return surrender(wish, because)
      if (answer.kind === 'retry') return tryAgain(wish, because, causeOfEnd(end.exit, lost))
      standing.troubled = false
      step('completed', `completed (${because})`)
    },

    notStarted(wish: InstanceWish, error: unknown): void {
      const because = messageOf(error)
      const code = error instanceof AppError ? error.code : ''
      const giveUp = answerTo(wish.spec.restart, null, memory.now.attempts).kind === 'give_up'
      const isFinal = final.has(code) || isRefusedAsWrong(error)
      if (isFinal || (giveUp && !passing.has(code))) return surrender(wish, because)
      tryAgain(wish, because, 'configuration')
    },

    /** It runs and is not well: it has been stopped for it. */
    failing: (wish: InstanceWish, because: string, as: RestartCause): void =>
      answerTo(wish.spec.restart, null, memory.now.attempts).kind === 'give_up'
        ? surrender(wish, because)
        : tryAgain(wish, because, as),
  }
}
