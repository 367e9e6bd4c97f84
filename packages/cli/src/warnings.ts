import type { Context } from './context.ts'
import { formatFault, type Fault } from './failure.ts'

/** What the files say to no effect, each with its place; silent with --quiet. */
export const showWarnings = (
  { output, cwd, shared }: Context,
  warnings: readonly Fault[],
): void => {
  if (shared.quiet) return
  const colors = output.messageColors
  for (const warning of warnings) {
    output.alarm(formatFault(warning, colors.yellow('!'), cwd, colors))
  }
}
