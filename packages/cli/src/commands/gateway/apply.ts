import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { usageError } from '../../failure.ts'
import { getRunning } from '../../platform.ts'
import { exitCodeOfDiff, printDiff, refuseFaults } from './changes.ts'

export type ApplyOptions = { dryRun?: boolean; note?: string }

/** Replaces what the API manages by a file; files of stacks are not touched. */
export const apply = async (
  context: Context,
  { dryRun, note }: ApplyOptions,
  [path = '']: readonly string[],
): Promise<number> => {
  const text = await readText(context, path)
  const platform = await getRunning(context)
  const body = note === undefined ? { text } : { text, note }
  const diff = await platform.call('applyGateway', { query: { dryRun: true }, body })
  refuseFaults(diff, path)
  printDiff(context, diff)
  if (dryRun === true) return exitCodeOfDiff(diff)
  if (diff.changes.length === 0) return exitCodes.ok
  const done = await platform.call('applyGateway', { query: { revision: diff.revision }, body })
  context.output.message(`The gateway configuration is at revision ${done.revision}`)
  return exitCodes.ok
}

const readText = async ({ cwd }: Context, path: string): Promise<string> => {
  try {
    return await readFile(resolve(cwd, path), 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw usageError(`${path} cannot be read: ${reason}`, 'name a Kong file')
  }
}
