import type { Plan, StackSpec } from '@keelson/contract'
import { ProblemError } from '@keelson/sdk'
import type { Platform } from '../platform.ts'
import type { Reporter } from '../progress/reporter.ts'
import { comparePlans, summarizePlan } from './describe.ts'

/** Plans made anew when the stack changes between plan and apply, before that is a conflict. */
const plansMax = 3

type ApplyOptions = {
  platform: Platform
  spec: StackSpec
  reporter: Reporter
  /** Services that were asked for by name; the numbers of the others stay. Empty: all. */
  named: readonly string[]
}

/** As the routes of plan and apply take the names of services. */
export const namedQuery = (named: readonly string[]): { named?: string } =>
  named.length === 0 ? {} : { named: named.join(',') }

/**
 * Makes the plan, tells it in one line, and has exactly that plan carried out. When the stack has
 * changed meanwhile it tells what changed and goes on with the new plan, twice at most.
 */
export const applyAsPlanned = async (options: ApplyOptions): Promise<Plan> => {
  const { platform, spec, reporter, named } = options
  const params = { stack: spec.name }
  const make = () => platform.call('planStack', { params, body: spec, query: namedQuery(named) })
  let plan = await make()
  for (let attempt = 1; ; attempt += 1) {
    reporter.note(`Plan: ${summarizePlan(plan)}`)
    try {
      const query = { plan: plan.digest, ...namedQuery(named) }
      return await platform.call('applyStack', { params, body: spec, query })
    } catch (error) {
      if (!isOutdated(error) || attempt === plansMax) throw error
      const next = await make()
      reporter.warn(`${spec.name} has changed since the plan was made: ${comparePlans(plan, next)}`)
      plan = next
    }
  }
}

const isOutdated = (error: unknown): boolean =>
  error instanceof ProblemError && error.problem.code === 'plan_outdated'
