import { resolve } from 'node:path'
import { baselineFile, readBaseline, type BaselineEntry } from '@keelson/gaps'
import { usageError } from '../failure.ts'
import type { GapsOptions } from './options.ts'
import { withGapsErrors } from './run-audit.ts'

/** The repository's own baseline unless another one is named. */
export const baselinePath = (cwd: string, root: string, { baseline }: GapsOptions): string =>
  baseline === undefined ? resolve(root, baselineFile) : resolve(cwd, baseline)

/** What is known already. A file that was named has to be there; the usual one may. */
export const readKnown = async (
  file: string,
  root: string,
  { baseline }: GapsOptions,
): Promise<readonly BaselineEntry[]> => {
  const entries = await withGapsErrors(() => readBaseline(file, root))
  if (entries === undefined && baseline !== undefined) {
    throw usageError(`There is no baseline ${file}`, 'make it with --write-baseline')
  }
  return entries ?? []
}
