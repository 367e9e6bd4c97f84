import type { Plan, StackSpec } from '@keelson/contract'
import type { Actor } from '../kernel/actor.ts'
import type { Audit } from '../kernel/audit/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import { AppError, messageOf } from '../kernel/errors.ts'
import type { Events } from '../kernel/events.ts'
import type { Log } from '../kernel/log.ts'
import { canonicalJson } from '../kernel/digest.ts'
import type { Keeping } from './keeper/keeping.ts'
import type { ApplyTurn, KnownStacks, StackHead } from './known-stacks.ts'
import type { Adoption, Claim } from './plan/adoption.ts'
import { definedAs, type Definitions } from './plan/definitions.ts'
import type { createPlanMemory } from './plan/outdated.ts'
import type { createPrepare } from './plan/prepare.ts'
import type { PlanProgress } from './plan/progress.ts'
import type { Draft, Planning } from './plan/planning.ts'
import type { WantedService } from './plan/resolve.ts'
import { revisionText, type Revisions } from './plan/revisions.ts'
import type { Updates } from './rollout/updates.ts'
import type { Runtime } from './runtime.ts'
import { upsertStack } from './store.ts'
import type { Timers } from './timers.ts'

type ApplyDeps = {
  db: Db
  events: Events
  audit: Pick<Audit, 'record'>
  clock: Clock
  log: Log
  stacks: KnownStacks
  planning: Planning
  plans: ReturnType<typeof createPlanMemory>
  prepare: ReturnType<typeof createPrepare>
  progress: PlanProgress
  definitions: Definitions
  revisions: Revisions
  adoption: Adoption
  keeping: Keeping
  updates: Pick<Updates, 'carryOut'>
  containers: Runtime
  timers: Timers
  /** What of the stack could not be taken up at the start, if it can be now. */
  takeUpLate: (stack: string) => Promise<void>
  /** A stack is what its file says, or is on its way there. */
  onApplied: (stack: string) => void
}

export type ApplyOptions = {
  /** Digest of the plan that was looked at: another one is refused. */
  planDigest?: string
  /** The earlier revision that is applied again. */
  backTo?: number
  /** The services that were asked for by name: the numbers of others stay as they are. */
  named?: readonly string[]
}

type Request = { stack: StackSpec; actor: Actor; options: ApplyOptions }
type Applied = {
  head: StackHead
  plan: Plan
  services: WantedService[]
  claims: Claim[]
  keepsScale: boolean
}

/** Makes a stack what its file says. */
export const createApply = (deps: ApplyDeps) => {
  const { db, events, clock, log, stacks, planning, keeping, updates, progress } = deps

  /** All that says what is applied, together: after a kill -9 it is the old or the new. */
  const record = (applied: Applied, actor: Actor, options: ApplyOptions): Promise<void> => {
    const { head, plan, services, claims } = applied
    const former = stacks.find(head.spec.name)
    const isRevision = plan.actions.length > 0 || head.revision !== former?.revision
    const text = revisionText(plan, head.spec, former?.spec, options.backTo)
    return db.transaction(async (tx) => {
      const { name } = head.spec
      await upsertStack(tx, head.spec, head.revision, head.appliedAt)
      await deps.revisions.record(tx, head, { actor: actor.name, text })
      await deps.definitions.record(tx, name, head.revision, services.map(definedAs))
      await deps.adoption.record(tx, name, claims)
      deps.audit.record(tx, actor, {
        ...{ action: 'stack.applied', object: { kind: 'stack', id: name, name } },
        ...(former === undefined ? {} : { before: { revision: former.revision } }),
        after: { revision: head.revision, changes: text },
        ...(options.backTo === undefined ? {} : { reason: `back to revision ${options.backTo}` }),
      })
      if (!isRevision) return
      await events.publish(tx, {
        type: 'stack.applied',
        subject: name,
        actor: actor.name,
        payload: { stack: name, revision: head.revision, actions: plan.actions.length },
      })
    })
  }

  /** Writes down what every service is to run; instances follow by themselves. */
  const carryOut = async (applied: Applied): Promise<void> => {
    const { head, plan, services, claims, keepsScale } = applied
    const known = stacks.next(head)
    stacks.put(known)
    for (const { spec, name, index, found, wanted, differences } of claims) {
      const keeper = keeping.keeperOf(known, spec, { name, index })
      const digest = differences.length === 0 ? wanted.digest : ''
      if (keeper.phase === 'stopped') keeper.adopt({ ...found, digest, foreign: false }, spec)
    }
    await updates.carryOut(known, services, {
      cause: 'applied',
      causes: causesIn(plan),
      retry: true,
      keepsScale,
    })
  }

  const draft = async (stack: StackSpec, options: ApplyOptions): Promise<Draft> => {
    await stacks.whenComplete()
    await deps.takeUpLate(stack.name)
    await planning.preflight(stack)
    const made = await planning.plan(stack, options)
    deps.plans.refuseOther(options.planDigest, made.plan)
    return made
  }

  /** From here on nothing is asked that may take minutes. */
  const commit = async (
    { stack, actor, options }: Request,
    { plan, missing }: Draft,
    turn: ApplyTurn,
  ): Promise<Plan> => {
    refuseCancelled(stack, turn)
    if (deps.timers.closed) throw new AppError('platform_unreachable', { message: 'Keelson stops' })
    await deps.prepare.others(stack, missing)
    const services = await planning.resolveNow(stack, options)
    const claims = await deps.adoption.compare(stack, services)
    for (const { differences, wanted } of claims)
      if (differences.length === 0) await deps.containers.start(wanted)
    const before = stacks.find(stack.name)
    const revision = planning.revisionOf(stack, services)
    const isNews = plan.actions.length > 0 || revision !== before?.revision
    const appliedAt = isNews || before === undefined ? clock.now() : before.appliedAt
    const applied = { head: { spec: stack, revision, appliedAt, builtIn: false }, plan }
    const whole = { ...applied, services, claims, keepsScale: options.named !== undefined }
    // A comment, a moved line: no revision and no event, but what the file says is known anew.
    if (isNews || canonicalJson(before?.spec) !== canonicalJson(stack))
      await record(whole, actor, options)
    await carryOut(whole)
    return { ...plan, revision }
  }

  const applyInTurn = async (given: Request, turn: ApplyTurn): Promise<Plan> => {
    const { options } = given
    const stack = planning.asNamed(given.stack, options)
    const request = { ...given, stack }
    const { name } = stack
    const made = await stacks.inTurn(name, () => draft(stack, options))
    progress.begin(made.plan, [...(stacks.find(name)?.spec.services ?? []), ...stack.services])
    try {
      await deps.prepare.images(stack, made.missing, turn.signal).catch((error: unknown) => {
        // Given up for it: that is what is told.
        refuseCancelled(stack, turn)
        throw error
      })
      const plan = await stacks.inTurn(name, () => commit(request, made, turn))
      progress.carryOut(plan)
      return plan
    } catch (error) {
      progress.fail(name)
      throw error
    } finally {
      deps.onApplied(name)
    }
  }

  /** Who reaches a service directly is told its new ports. */
  const tellDependents = async (stack: string, service: string): Promise<void> => {
    const known = stacks.find(stack)
    if (known === undefined || deps.timers.closed) return
    const services = await planning.resolve(known.spec)
    await updates.carryOut(known, services, { cause: `${service} has another port`, retry: false })
  }

  const afterMove = ({ stack, service }: { stack: string; service: string }): void => {
    const services = stacks.find(stack)?.spec.services ?? []
    const moved = services.find(({ name }) => name === service)
    const isTold = services.some(({ dependsOn }) =>
      dependsOn.some((dependency) => dependency.service === service),
    )
    if (moved?.protocol !== 'tcp' || !isTold) return
    stacks
      .inTurn(stack, () => tellDependents(stack, service))
      .catch((error: unknown) =>
        log.error({ stack, service, reason: messageOf(error) }, 'dependents keep an old port'),
      )
  }

  return {
    /** Throws AppError: what `preflight` refuses, plan_outdated, and what a resource refuses. */
    apply: (actor: Actor, stack: StackSpec, options: ApplyOptions): Promise<Plan> =>
      stacks.applyInTurn(stack.name, (turn) => applyInTurn({ actor, stack, options }, turn)),

    /** An instance got another port. */
    afterMove,
  }
}

const refuseCancelled = ({ name }: StackSpec, { cancelled }: ApplyTurn): void => {
  if (!cancelled) return
  const message = `${name} was removed while it was being applied`
  throw new AppError('plan_outdated', { message })
}

/** Why each service that changes does, by name, as the plan says it: with file and line. */
const causesIn = ({ actions }: Plan): Map<string, string> =>
  new Map(
    actions.flatMap(({ service, changes, cause }): [string, string][] =>
      service === undefined || changes.length === 0 ? [] : [[service, cause]],
    ),
  )
