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
  const diff = await platform.call('rollBackGateway', {
    query: { dryRun: dryRun === true },
    body: { revision: Number(revision) },
  })
  printDiff(context, diff)
  if (dryRun === true) return exitCodeOfDiff(diff)
  context.output.message(`The gateway configuration is at revision ${diff.revision}`)
  return exitCodes.ok
}
