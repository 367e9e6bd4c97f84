import type { Phase, RuntimeKind, ServiceSpec } from '@keelson/contract'
import { messageOf } from '../../kernel/errors.ts'
import { createAnswers } from './answers.ts'
import { describeEnd } from './ending.ts'
import type { KeeperDeps } from './keeper-deps.ts'
import { createLife } from './life.ts'
import { createLoop } from './loop.ts'
import { createRestartMemory } from './restart-memory.ts'
import type { RestartCause } from './restart.ts'
import type { ObservedInstance } from '../runtime.ts'
import { createStanding } from './standing.ts'
import type { Goal, InstanceWish } from './wish.ts'

/** A stop and start although the goal is the same. */
type RestartRequest = {
  cause: string
  /** `failing` waits its turn like a crash; the others start at once. */
  kind: 'asked' | 'applied' | 'failing'
  as: RestartCause
}

export type Keeper = ReturnType<typeof createKeeper>

/**
 * Keeps one instance as it is meant to be, one step after the other. It never waits for another
 * keeper: an engine call that hangs stalls this instance and no other.
 *
 * Level-triggered (loop.ts): whatever happens only wakes it; it looks at goal, phase and what is
 * observed, and takes the next step of the table in machine.ts until there is none left.
 */
export const createKeeper = (deps: KeeperDeps) => {
  const { id, runtime, clock } = deps
  let goal: Goal = { kind: 'kept' }
  const memory = createRestartMemory(deps.record, deps.saveRecord)
  let request: RestartRequest | null = null
  /** It runs, but is not one of the service for now: it goes, or is kept for a way back. */
  let aside = false
  let skipDependencies = false
  /** Digest of the last start, whatever came of it. */
  let tried: string | null = null
  const goneWaiters: (() => void)[] = []
  const wake = (): void => loop.wake()
  const life = createLife({
    ...deps,
    onWait: (what) => explain(what),
    onHookFailed: (reason) => ask({ cause: reason, kind: 'failing', as: 'crash' }),
  })
  const standing = createStanding({
    ...deps,
    runtime: runtime.kind,
    facts: () => ({
      observed: life.observed,
      plannedPorts: goal.kind === 'run' ? goal.wish.ports : [],
      probe: (goal.kind === 'run' ? goal.wish.spec : life.spec)?.probe,
      wanted: goal.kind !== 'gone' && answers.held === null && !aside,
      interrupted: answers.interrupted,
      restarts: memory.now.restarts,
      nextStartAt: answers.schedule.at,
    }),
  })
  const answers = createAnswers({ ...deps, memory, life, standing, onDue: wake })
  const { schedule } = answers
  const { step, explain } = standing

  // --- Steps -------------------------------------------------------------------------------

  const stop = async (cause: string): Promise<void> => {
    schedule.cancel()
    if (goal.kind === 'gone') standing.troubled = false
    step('stop', cause)
    const wasThere = life.observed !== null
    if (life.observed?.running === true) deps.announce({ kind: 'stopping', cause })
    await life.stop()
    if (wasThere) deps.announce({ kind: 'stopped', cause })
    step('ended', cause)
  }

  const begin = (cause: string, how: { skipDependencies: boolean }): void => {
    standing.startCause = cause
    skipDependencies = how.skipDependencies
    step('begin', cause)
  }

  const waitOrGo = (wish: InstanceWish): boolean => {
    const blocker = deps.heldUp(wish) ?? (skipDependencies ? null : deps.blockedBy(wish.spec))
    if (blocker !== null) {
      explain(blocker)
      return false
    }
    step('ready', standing.startCause)
    return true
  }

  const start = async (wish: InstanceWish): Promise<void> => {
    tried = wish.digest
    deps.announce({ kind: 'starting', cause: standing.startCause })
    let observed: ObservedInstance
    try {
      await life.clear()
      const checked = await deps.checkStart(wish)
      if (goal.kind === 'run' && goal.wish === wish) goal = { ...goal, wish: checked }
      observed = await life.start(checked)
    } catch (error) {
      return answers.notStarted(wish, error)
    }
    standing.adopted = false
    standing.exitCode = null
    // The trouble it comes from is what people want to know until it is healthy.
    step('started', standing.troubled ? standing.startCause : '')
    deps.announce({ kind: 'started', pid: observed.pid, containerId: observed.containerId })
    if (!observed.running) answers.ended(wish)
  }

  const countRestart = (): void => memory.change({ restarts: memory.now.restarts + 1 })

  const startAgain = async (wish: InstanceWish): Promise<void> => {
    await life.clear()
    schedule.cancel()
    countRestart()
    answers.countAttempt()
    step('due', standing.startCause)
    await start(wish)
  }

  /** Stops what runs, and has it started again as the goal says. */
  const replace = async (toRun: Extract<Goal, { kind: 'run' }>): Promise<void> => {
    const wasUp = standing.phase !== 'waiting'
    await stop(request?.cause ?? toRun.cause)
    const asked = request
    request = null
    if (goal.kind !== 'run') return
    const cause = asked?.cause ?? goal.cause
    const isSame = goal.wish.digest === toRun.wish.digest
    if (asked?.kind === 'failing' && isSame) return answers.failing(goal.wish, cause, asked.as)
    answers.forgetHistory()
    if (asked !== null) countRestart()
    // A restart of what was up has its dependencies behind it; waiting would only prolong it.
    begin(cause, { skipDependencies: asked?.kind === 'asked' && wasUp })
  }

  /** What had ended runs again: `docker start`, or a `docker restart` that took its time. */
  const takeBack = (): boolean => {
    if (life.observed?.running !== true) return false
    schedule.cancel()
    answers.release()
    standing.exitCode = null
    step('started', '')
    deps.announce({ kind: 'adopted', reason: 'started from outside (docker start)' })
    return true
  }

  /** Takes one step towards the goal. False: there is nothing to do until something happens. */
  const advance = async (): Promise<boolean> => {
    const { phase } = standing
    if (goal.kind === 'kept') return false
    if (goal.kind === 'gone') {
      if (phase === 'stopped' && life.observed === null) return false
      await stop(goal.cause)
      return false
    }
    const { wish } = goal
    const isDown = phase === 'failed' || phase === 'backoff'
    const digest = life.observed?.digest ?? (isDown ? tried : null)
    const outdated = digest !== null && digest !== wish.digest
    // Still stopping: that stop failed in the middle.
    if (phase === 'stopping' || (phase !== 'stopped' && (outdated || request !== null))) {
      await replace(goal)
      return true
    }
    return advanceTo(wish, goal.cause)
  }

  const advanceTo = async (wish: InstanceWish, cause: string): Promise<boolean> => {
    switch (standing.phase) {
      case 'stopped':
        if (answers.held !== null) return takeBack()
        request = null
        begin(cause, { skipDependencies: false })
        return true
      case 'waiting':
        if (!waitOrGo(wish)) return false
        await start(wish)
        return true
      case 'running':
        if (life.observed?.running !== false) return false
        answers.ended(wish)
        return true
      case 'backoff':
        if (takeBack()) return true
        if (!schedule.isDue) return false
        await startAgain(wish)
        return true
      case 'starting':
      case 'stopping':
      case 'completed':
        return false
      case 'failed':
        return takeBack()
    }
  }

  const tellWaiters = (): void => goneWaiters.splice(0).forEach((tell) => tell())
  const isGone = (): boolean =>
    goal.kind === 'gone' && standing.phase === 'stopped' && life.observed === null

  const loop = createLoop({
    clock,
    advance,
    onError: (error) => explain(`${messageOf(error)}; trying again`),
    onRest: () => {
      if (isGone()) tellWaiters()
    },
  })

  const ask = (next: RestartRequest): void => {
    if (goal.kind !== 'run') return
    // What a person asks for goes before what went wrong; anything else is asked already.
    if (request !== null && !(next.kind !== 'failing' && request.kind === 'failing')) return
    request = next
    if (next.kind === 'failing') standing.troubled = true
    wake()
  }

  const reaim = (before: Goal, next: Extract<Goal, { kind: 'run' }>): void => {
    const { phase } = standing
    const isOther = before.kind === 'run' && before.wish.digest !== next.wish.digest
    if (next.retry || isOther) answers.forgive()
    // What failed is not what it is to be any more.
    if (isOther && request?.kind === 'failing') request = null
    if (next.retry) answers.release()
    const waits = phase === 'failed' || phase === 'backoff'
    if (next.retry && before.kind === 'run' && waits)
      request ??= { cause: next.cause, kind: 'applied', as: 'configuration' }
    life.recognize(next.wish)
    const { probe } = next.wish.spec
    const had = before.kind === 'run' ? before.wish.spec.probe : undefined
    if (JSON.stringify(had) !== JSON.stringify(probe) && life.observed !== null) standing.tell()
  }

  return {
    id,
    get phase(): Phase {
      return standing.phase
    },
    get phaseSince(): Date {
      return standing.phaseSince
    },
    get goal(): Goal {
      return goal
    },
    get runtimeKind(): RuntimeKind {
      return runtime.kind
    },
    get observed(): ObservedInstance | null {
      return life.observed
    },
    get digest(): string | null {
      return life.observed?.digest ?? null
    },
    get reason(): string {
      return standing.reason
    },
    /** Somebody stopped it around Keelson, and it is left so: why. */
    get held(): string | null {
      return answers.held
    },
    get setbacks(): number {
      return goal.kind === 'run' ? answers.setbacksOf(goal.wish) : 0
    },
    /** It is what it was told to be, and nothing is asked of it. */
    get isAsWanted(): boolean {
      const isUp = standing.phase === 'running' || standing.phase === 'completed'
      return (
        goal.kind === 'run' &&
        request === null &&
        isUp &&
        life.observed?.digest === goal.wish.digest
      )
    },

    aim(next: Goal): void {
      const before = goal
      goal = next
      if (next.kind === 'gone') {
        request = null
        answers.release()
      } else tellWaiters()
      if (next.kind === 'run') reaim(before, next)
      wake()
    },

    /** What was found running, or ended, when Keelson started. Call before the first `aim`. */
    adopt(found: ObservedInstance, spec: ServiceSpec): void {
      life.adopt(found, spec)
      if (answers.held !== null && !found.running) return answers.explainHeld()
      answers.release()
      standing.adopted = true
      step('started', '')
      deps.announce({ kind: 'adopted', reason: found.running ? '' : describeEnd(found, spec) })
    },

    /** Says why nothing is done about it yet. */
    wait(because: string): void {
      if (life.observed === null) explain(because)
    },

    /** Not one of the service for now, or one of it again. */
    setAside(next: boolean): void {
      if (aside === next) return
      aside = next
      standing.tell()
    },

    /** The runtime saw it end or change. Words about an earlier incarnation mean nothing. */
    sawChange(found: ObservedInstance): void {
      if (!life.sawChange(found)) return
      if (found.running) standing.tell()
      wake()
    },

    sawHealthy(): void {
      if (life.spec?.probe !== null) schedule.wasHealthy()
      if (!standing.troubled) return
      standing.troubled = false
      standing.tell()
    },

    /** A person asked for a stop and start: it does not count as a failure. */
    restart(cause: string): void {
      if (goal.kind !== 'run') return
      answers.forgive()
      answers.release()
      ask({ cause, kind: 'asked', as: 'configuration' })
      wake()
    },

    /** Its own checks fail. */
    heal(cause: string): void {
      if (goal.kind !== 'run') return
      const lost = deps.lostDependency(goal.wish.spec)
      ask({ cause, kind: 'failing', as: lost === null ? 'unhealthy' : 'dependency_lost' })
    },

    /** Something it may wait for has changed. */
    look(): void {
      if (standing.phase === 'waiting') return wake()
      if (standing.phase !== 'backoff' || goal.kind !== 'run') return
      if (deps.lostDependency(goal.wish.spec) === null) schedule.hasten('dependency_lost')
    },

    /** Resolves once nothing of it is left, or it is wanted again: look at the goal. */
    gone(): Promise<void> {
      if (isGone() && !loop.isWorking) return Promise.resolve()
      return new Promise((resolve) => {
        goneWaiters.push(resolve)
        wake()
      })
    },

    /** Lets go of the instance without touching it: the next Keelson adopts it. */
    async close(): Promise<void> {
      const closing = loop.close()
      schedule.close()
      await closing
    },
  }
}
