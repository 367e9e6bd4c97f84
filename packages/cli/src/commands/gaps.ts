import { realpath } from 'node:fs/promises'
import { relative } from 'node:path'
import { compareBaseline, readChanges, writeBaseline } from '@keelson/gaps'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { usageError } from '../failure.ts'
import { checkFixOptions, fixGaps } from '../gaps/fix.ts'
import { baselinePath, readKnown } from '../gaps/known.ts'
import type { Looker } from '../gaps/live.ts'
import { readGapsOptions, type GapsOptions } from '../gaps/options.ts'
import { reportOf, runAudit } from '../gaps/run-audit.ts'
import { exitCodeOfFindings, writeReport } from '../gaps/write-report.ts'

/** What is claimed, declared and built in a repository, held against each other. */
export const gaps = async (
  context: Context,
  options: GapsOptions,
  [path]: readonly string[],
): Promise<number> => {
  const { cwd, output } = context
  checkFixOptions(options)
  const { root, chosen, format } = await readGapsOptions(context, options, path)
  const file = baselinePath(cwd, root, options)
  const known = options.writeBaseline === true ? [] : await readKnown(file, options)
  const looker = options.live === true ? await lookerFor(context, options) : undefined
  const running = looker === undefined ? {} : { running: looker.running }
  // What runs names its files by their real paths.
  const folder = looker === undefined ? root : await realpath(root)
  const found = await runAudit({ root: folder, rules: chosen, ...running })
  const seenBy = looker?.seenBy()
  if (options.writeBaseline === true) {
    await saveBaseline(file, found.findings)
    const shown = relative(cwd, file)
    output.message(`${found.findings.length} findings written to ${shown}: they are known now`)
    return exitCodes.ok
  }
  const asked = new Set<string>(chosen.map(({ id }) => id))
  const compared = compareBaseline(found.findings, known, (rule) => asked.has(rule))
  if (options.fix === true)
    return fixGaps(context, options, { root: folder, found, fresh: compared.fresh })
  const report = await reportOf(found, chosen, compared.fresh, {
    baselined: compared.known.length,
    stale: compared.stale,
    ...(seenBy === undefined ? {} : { seenBy }),
  })
  // Other formats have no place for them.
  const changesOf = format === 'sarif' ? await readChanges(found, compared.fresh) : undefined
  await writeReport(context, { ...report, ...(changesOf && { changesOf }) }, format, options.output)
  if (compared.stale.length > 0 && format !== 'pretty' && format !== 'markdown') {
    const entries = compared.stale.length === 1 ? '1 entry' : `${compared.stale.length} entries`
    output.message(
      `${entries} of the baseline match nothing any more: keelson gaps --write-baseline`,
    )
  }
  return exitCodeOfFindings(compared.fresh, options.failOn ?? found.settings.failOn ?? 'error')
}

/** Read only when it is asked for. */
const lookerFor = async (context: Context, { writeBaseline }: GapsOptions): Promise<Looker> => {
  if (writeBaseline === true) {
    throw usageError(
      'A baseline is of the files, and what runs is another thing at each look',
      'leave out --live or --write-baseline',
    )
  }
  const { createLooker } = await import('../gaps/live.ts')
  return createLooker(context)
}

const saveBaseline = async (...[file, findings]: Parameters<typeof writeBaseline>) => {
  try {
    await writeBaseline(file, findings)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw usageError(`${file} cannot be written: ${reason}`, 'name another file with --baseline')
  }
}
