import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { showPlan } from '../plan/show.ts'
import { loadStack } from '../project.ts'
import { showWarnings } from '../warnings.ts'

export type PlanOptions = { check?: boolean }

/** What `up` would do now; exit code 0, or with --check 7 when there is something to do. */
export const plan = async (context: Context, { check }: PlanOptions): Promise<number> => {
  const { spec, warnings } = await loadStack(context)
  showWarnings(context, warnings)
  const { actions } = await showPlan(context, spec)
  return check === true && actions.length > 0 ? exitCodes.differences : exitCodes.ok
}
