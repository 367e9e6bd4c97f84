import { AppError, messageOf } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Finding, Found } from './finding.ts'
import type { Keeping } from './keeper/keeping.ts'
import type { KnownStack, KnownStacks, StackHead } from './known-stacks.ts'
import type { Adoption } from './plan/adoption.ts'
import { definedAs, type Definitions } from './plan/definitions.ts'
import type { Planning } from './plan/planning.ts'
import type { Places } from './places.ts'
import type { WantedService } from './plan/resolve.ts'
import type { Updates } from './rollout/updates.ts'
import type { Timers } from './timers.ts'

type TakeUpDeps = {
  stacks: KnownStacks
  planning: Planning
  keeping: Keeping
  finding: Finding
  places: Pick<Places, 'placesOf'>
  updates: Pick<Updates, 'carryOut'>
  definitions: Definitions
  adoption: Adoption
  timers: Timers
  log: Log
}

const retryMs = 3000

/** Stacks of an earlier life: what lives is adopted, what ended answered, the rest started. */
export const createTakeUp = (deps: TakeUpDeps) => {
  const {
    stacks,
    planning,
    keeping,
    finding,
    places,
    updates,
    definitions,
    adoption,
    timers,
    log,
  } = deps

  /** Those of a stack's late services that can be taken up now; they are late no more. */
  const resolveLate = async (known: KnownStack, found: Found): Promise<WantedService[]> => {
    const { spec: stack } = known
    const ready: WantedService[] = []
    for (const spec of stack.services.filter(({ name }) => known.late.has(name))) {
      try {
        if (spec.runtime === 'container' && found.containers === null)
          throw new AppError('engine_unavailable', { message: 'No Docker Engine answers' })
        const service = await planning.resolveOne(stack, spec)
        await definitions.amend(stack.name, known.revision, [definedAs(service)])
        keeping.declare(known, service.spec, service)
        ready.push(service)
        known.late.delete(spec.name)
      } catch (error) {
        const reason = messageOf(error)
        log.error({ stack: stack.name, service: spec.name, reason }, 'cannot be taken up yet')
        keeping.declare(known, spec)
        for (const place of places.placesOf(stack.name, spec))
          keeping.keeperOf(known, spec, place).wait(reason)
      }
    }
    return ready
  }

  const follow = async (
    { spec }: KnownStack,
    ready: readonly WantedService[],
    { containers }: Found,
  ): Promise<void> => {
    try {
      await adoption.follow(spec, ready, containers ?? [])
    } catch (error) {
      log.warn(
        { stack: spec.name, reason: messageOf(error) },
        'what was taken over is not followed',
      )
    }
  }

  const takeUpLate = async (name: string): Promise<void> => {
    const known = stacks.find(name)
    if (known === undefined || known.late.size === 0) return
    const late = known.spec.services.filter((spec) => known.late.has(spec.name))
    const found = await finding.observe()
    const ready = await resolveLate(known, found)
    for (const spec of late) finding.adopt(known, spec, found)
    await follow(known, ready, found)
    await updates.carryOut(known, ready, { cause: 'it can be run again', retry: false })
    for (const one of found.containers ?? []) {
      const isOrphan = one.stack === name && one.oneOff !== true
      if (isOrphan && !stacks.keepers.has(one.name)) void finding.endOrphan(one)
    }
  }

  const hasLate = (known: KnownStack): boolean => known.late.size > 0

  const retry = async (): Promise<void> => {
    const work = stacks
      .all()
      .filter(hasLate)
      .map(({ spec: { name } }) => stacks.inTurn(name, () => takeUpLate(name)))
    for (const result of await Promise.allSettled(work)) {
      if (result.status === 'fulfilled') continue
      log.error({ reason: messageOf(result.reason) }, 'stack cannot be taken up yet')
    }
    if (stacks.all().some(hasLate)) retryLater()
  }

  const retryLater = (): void => timers.later(retryMs, () => void retry())

  return {
    async takeUp(head: StackHead, found: Found): Promise<void> {
      const known = stacks.next(head)
      for (const spec of head.spec.services) known.late.add(spec.name)
      const ready = await resolveLate(known, found)
      stacks.put(known)
      for (const spec of head.spec.services) finding.adopt(known, spec, found)
      await follow(known, ready, found)
      await updates.carryOut(known, ready, { cause: 'Keelson started', retry: false })
    },

    /** What of a stack could not be taken up at the start, if it can be now. In its turn. */
    takeUpLate,

    /** Goes on trying until nothing is late any more. */
    retryLater,
  }
}

export type TakeUp = ReturnType<typeof createTakeUp>
