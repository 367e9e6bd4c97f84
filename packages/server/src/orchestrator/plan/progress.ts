import type { ActionProgress, Plan, PlanAction, ServiceSpec } from '@keelson/contract'
import type { Health } from '../../health/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { RegisteredInstance, Registry } from '../../registry/index.ts'
import type { RolloutState } from '../rollout/state.ts'

type ProgressDeps = { registry: Registry; health: Health; clock: Clock }
type Told = Pick<ActionProgress, 'state' | 'text' | 'share'>
/** `written`: the services of the stack as it was, and as the plan makes it. */
type Listener = (progress: ActionProgress, written: readonly ServiceSpec[]) => void
type Running = {
  actions: Map<string, ActionProgress>
  /** When each instance had been started before: another time is another start. */
  starts: ReadonlyMap<string, number | undefined>
  /** Whose instances an action replaces, by its id. */
  replaces: ReadonlyMap<string, string | undefined>
  written: readonly ServiceSpec[]
  begunAtMs: number
  isCarriedOut: boolean
}

const over: ReadonlySet<ActionProgress['state']> = new Set(['done', 'failed', 'skipped'])

export type PlanProgress = ReturnType<typeof createPlanProgress>

/**
 * How the actions of plans get on while they are carried out: what is prepared says so itself,
 * what becomes of instances is seen in registry and health. One plan for each stack; once all of
 * its actions are over it is forgotten.
 */
export const createPlanProgress = ({ registry, health, clock }: ProgressDeps) => {
  const plans = new Map<string, Running>()
  const listeners = new Set<Listener>()

  const tell = (stack: string, id: string, told: Told): void => {
    const { actions, written } = plans.get(stack) ?? {}
    const before = actions?.get(id)
    if (actions === undefined || written === undefined || before === undefined) return
    if (before.state === told.state && before.text === told.text) return
    const progress = { ...before, ...told }
    actions.set(id, progress)
    for (const listener of listeners) listener(progress, written)
    if ([...actions.values()].every(({ state }) => over.has(state))) plans.delete(stack)
  }

  const endAll = (stack: string, told: Told): void => {
    for (const { id, state } of [...(plans.get(stack)?.actions.values() ?? [])])
      if (!over.has(state)) tell(stack, id, told)
  }

  const lookAt = (name: string): void => {
    for (const [stack, { actions, starts, isCarriedOut }] of plans) {
      for (const { id, kind, subject, state } of [...actions.values()]) {
        if (!isCarriedOut || subject !== name || over.has(state)) continue
        const instance = registry.findInstance(name)
        const isAnew = starts.get(name) !== instance?.startedAt?.getTime()
        tell(stack, id, progressOf(kind, { instance, isAnew }, health))
      }
    }
  }
  registry.onChange((change) => {
    if (change.kind === 'instance' || change.kind === 'instance_removed')
      lookAt(change.instance.name)
  })
  health.onInstance(({ name }) => lookAt(name))

  return {
    tell,

    begin(plan: Plan, written: readonly ServiceSpec[]): void {
      endAll(plan.stack, { state: 'skipped', text: 'another plan has come', share: null })
      if (plan.actions.length === 0) return
      const actions = new Map(plan.actions.map((one) => [one.id, firstOf(plan.stack, one)]))
      const starts = new Map(
        plan.actions.map(({ subject }) => [
          subject,
          registry.findInstance(subject)?.startedAt?.getTime(),
        ]),
      )
      const replaced = plan.actions.filter(({ kind }) => kind === 'replace_instance')
      const replaces = new Map(replaced.map(({ id, service }) => [id, service]))
      const begunAtMs = clock.now().getTime()
      plans.set(plan.stack, { actions, starts, replaces, written, begunAtMs, isCarriedOut: false })
      for (const progress of actions.values())
        for (const listener of listeners) listener(progress, written)
    },

    /** What was to be prepared is there; the instances are told. */
    carryOut(plan: Plan): void {
      const running = plans.get(plan.stack)
      if (running !== undefined) running.isCarriedOut = true
      for (const { id, kind, subject } of plan.actions) {
        if (kind === 'create_database' || kind === 'configure_gateway') tell(plan.stack, id, done)
        else if (kind.endsWith('_instance')) lookAt(subject)
      }
    },

    /** An update that is over: what it left running, before a switch or after a way back, is too. */
    updated(stack: string, service: string, { phase, text, startedAt, endedAt }: RolloutState) {
      const running = plans.get(stack)
      if (running === undefined || endedAt === null || startedAt < running.begunAtMs) return
      const isWell = phase === 'completed' || phase === 'switched'
      const told: Told = isWell ? done : { state: 'failed', text, share: null }
      for (const { id, state } of [...running.actions.values()])
        if (running.replaces.get(id) === service && !over.has(state)) tell(stack, id, told)
    },

    fail: (stack: string): void =>
      endAll(stack, { state: 'skipped', text: 'an action before it failed', share: null }),

    /** Calls back with what is under way, and with every change. */
    follow(listener: Listener): { close(): void } {
      for (const { actions, written } of plans.values())
        for (const progress of actions.values()) listener(progress, written)
      listeners.add(listener)
      return { close: () => void listeners.delete(listener) }
    },
  }
}

const firstOf = (stack: string, { id, kind, subject, service }: PlanAction): ActionProgress => ({
  ...{ stack, id, kind, subject },
  ...(service === undefined ? {} : { service }),
  ...{ state: 'waiting', text: '', share: null },
})

const done: Told = { state: 'done', text: '', share: 1 }

const progressOf = (
  kind: string,
  seen: { instance: RegisteredInstance | undefined; isAnew: boolean },
  health: Health,
): Told => {
  const { instance, isAnew } = seen
  if (kind === 'update_instance') return done
  if (kind === 'stop_instance') return instance === undefined ? done : running(instance.phaseReason)
  // An update may start the new one beside the old, under another number, and then end the old.
  if (instance === undefined) return kind === 'replace_instance' ? done : running('')
  const text = instance.phaseReason
  switch (instance.phase) {
    case 'waiting':
      return { state: 'waiting', text, share: null }
    case 'failed':
      return { state: 'failed', text, share: null }
    case 'completed':
      return isAnew ? done : running('')
    case 'running': {
      const verdict = health.instance(instance.name)
      if (!isAnew) return running('')
      return verdict?.state === 'healthy' ? done : running(verdict?.reason ?? text)
    }
    case 'starting':
    case 'stopping':
    case 'stopped':
    case 'backoff':
      return running(text)
  }
}

const running = (text: string): Told => ({ state: 'running', text, share: null })
