import type { Plan, PlanAction, ProblemDetail } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'

const plansMax = 100
const differencesMax = 50

/** Plans that people looked at, so that a refusal can say what has changed since. */
export const createPlanMemory = () => {
  const plans = new Map<string, Plan>()

  return {
    remember(plan: Plan): Plan {
      plans.delete(plan.digest)
      plans.set(plan.digest, plan)
      const [oldest] = plans.size > plansMax ? plans.keys() : []
      if (oldest !== undefined) plans.delete(oldest)
      return plan
    },

    /** Throws plan_outdated when `now` is not the plan that was looked at. */
    refuseOther(looked: string | undefined, now: Plan): void {
      if (looked === undefined || looked === now.digest) return
      const before = plans.get(looked)
      const errors = before === undefined ? now.actions.map(said) : differencesOf(before, now)
      const message = `The plan for ${now.stack} has changed since it was made`
      throw new AppError('plan_outdated', { message }, { errors: errors.slice(0, differencesMax) })
    },
  }
}

const said = (action: PlanAction): ProblemDetail => detail('now planned', action)

const differencesOf = (before: Plan, now: Plan): ProblemDetail[] => {
  const old = new Map(before.actions.map((action) => [action.id, action]))
  const left = new Set(now.actions.map(({ id }) => id))
  return [
    ...now.actions.flatMap((action) => {
      const known = old.get(action.id)
      if (known === undefined) return [detail('new', action)]
      return known.cause === action.cause ? [] : [detail('another cause', action)]
    }),
    ...before.actions.filter(({ id }) => !left.has(id)).map((one) => detail('not needed', one)),
  ]
}

const detail = (what: string, { kind, subject, cause, origin }: PlanAction): ProblemDetail => ({
  message: `${what}: ${kind.replaceAll('_', ' ')} ${subject} (${cause})`,
  ...(origin === undefined ? {} : { origin }),
})
