import type { Rollout } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { usageError } from '../failure.ts'
import { printPlan } from '../plan/show.ts'
import { summarizePlan } from '../plan/describe.ts'
import { getRunning, type Platform } from '../platform.ts'
import { findPlace, requireStack, serviceCall } from '../scope.ts'

export type RollbackOptions = { to?: number; dryRun?: boolean }

/** A service goes back to before its last update, a stack to an earlier revision. */
export const rollback = async (
  context: Context,
  options: RollbackOptions,
  [service]: readonly string[],
): Promise<number> => {
  const platform = await getRunning(context)
  if (service === undefined) return rollBackStack(context, platform, options)
  if (options.to !== undefined || options.dryRun === true) {
    throw usageError('--to and --dry-run are for the whole stack', 'leave out the service')
  }
  const stack = await findPlace(context, platform, [service])
  const rollout = await platform.call('rollBackService', serviceCall(service, stack))
  const { output, shared } = context
  if (shared.json) output.data(JSON.stringify(rollout, null, 2))
  else output.message(describeRollout(rollout))
  return exitCodes.ok
}

const describeRollout = ({ service, phase, toRevision, text }: Rollout): string => {
  const isTakenBack = phase === 'rolling_back' || phase === 'rolled_back'
  const what = isTakenBack
    ? `The update of ${service} to revision ${toRevision} is taken back`
    : `${service} goes back to how it was before revision ${toRevision}`
  return text === '' ? what : `${what}: ${text}`
}

const rollBackStack = async (
  context: Context,
  platform: Platform,
  { to, dryRun }: RollbackOptions,
): Promise<number> => {
  const { name } = await requireStack(context, platform)
  const plan = await platform.call('rollBackStack', {
    params: { stack: name },
    body: to === undefined ? {} : { revision: to },
    query: { dryRun: dryRun === true },
  })
  if (dryRun === true) printPlan(context, plan)
  else if (context.shared.json) context.output.data(JSON.stringify(plan, null, 2))
  else context.output.message(`${name} is at revision ${plan.revision}: ${summarizePlan(plan)}`)
  return exitCodes.ok
}
