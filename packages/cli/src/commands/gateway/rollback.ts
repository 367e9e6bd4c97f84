import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { getRunning } from '../../platform.ts'
import { exitCodeOfDiff, printDiff } from './changes.ts'

/** An earlier revision of what the API manages, as a new one. */
export const rollback = async (
  context: Context,
  { dryRun }: { dryRun?: boolean },
  [revision = '']: readonly string[],
): Promise<number> => {
  const platform = await getRunning(context)
  const body = { revision: Number(revision) }
  const diff = await platform.call('rollBackGateway', { query: { dryRun: true }, body })
  printDiff(context, diff)
  if (dryRun === true) return exitCodeOfDiff(diff)
  if (diff.changes.length === 0) return exitCodes.ok
  const done = await platform.call('rollBackGateway', { query: { revision: diff.revision }, body })
  context.output.message(`The gateway configuration is at revision ${done.revision}`)
  return exitCodes.ok
}
