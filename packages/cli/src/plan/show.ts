import type { Plan, StackSpec } from '@keelson/contract'
import type { Context } from '../context.ts'
import { findPlatform } from '../platform-file.ts'
import { findRunning } from '../platform.ts'
import { checkWithoutPlatform, describeUnchecked } from './check-offline.ts'
import { namedQuery } from './apply.ts'
import { formatPlan, summarizePlan } from './describe.ts'
import { planFromNothing } from './from-nothing.ts'

/**
 * Shows what applying would do, and does nothing. Without a running platform nothing of the stack
 * runs, so the plan is to start all of it.
 */
export const showPlan = async (
  context: Context,
  spec: StackSpec,
  named: readonly string[] = [],
): Promise<Plan> => {
  const platform = await findRunning(context)
  const plan =
    platform === undefined
      ? await planWithoutPlatform(context, spec)
      : await platform.call('planStack', {
          params: { stack: spec.name },
          body: spec,
          query: namedQuery(named),
        })
  printPlan(context, plan)
  return plan
}

export const printPlan = (context: Context, plan: Plan): void => {
  const { output, shared, cwd } = context
  if (shared.json) output.data(JSON.stringify(plan, null, 2))
  else if (plan.actions.length > 0) {
    output.data(formatPlan(plan, { cwd, colors: output.dataColors }))
  }
  const nothing = plan.actions.length === 0 ? '' : '; nothing was done'
  output.message(`${plan.stack}: ${summarizePlan(plan)}${nothing}`)
}

const planWithoutPlatform = async (context: Context, spec: StackSpec) => {
  const { kind } = await findPlatform(context.dataFolder)
  const isCrashed = kind === 'crashed'
  await checkWithoutPlatform(context, spec, { arePortsKnown: !isCrashed })
  context.output.message(
    isCrashed
      ? 'Keelson ended without stopping as it should: what still runs is not known until it starts. From nothing, the plan is:'
      : 'Keelson is not running, so nothing of this stack is: all of it would be started.',
  )
  context.output.message(describeUnchecked(spec, { arePortsKnown: !isCrashed }))
  return planFromNothing(spec)
}
