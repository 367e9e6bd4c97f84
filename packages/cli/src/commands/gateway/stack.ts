import type { Context } from '../../context.ts'
import type { Platform } from '../../platform.ts'
import { findStack, listStacks } from '../../scope.ts'

/** What `--stack` names, for a query; nothing without it. Throws CommandError when there is none. */
export const namedStack = async (
  context: Context,
  platform: Platform,
): Promise<{ stack?: string }> => {
  if (context.shared.projectName === undefined) return {}
  const stack = await findStack(context, await listStacks(platform))
  return stack === undefined ? {} : { stack: stack.name }
}
