import { realpath } from 'node:fs/promises'
import { relative } from 'node:path'
import { compareBaseline, readChanges, writeBaseline } from '@keelson/gaps'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { CommandError, usageError } from '../failure.ts'
import { checkFixOptions, fixGaps } from '../gaps/fix.ts'
import { baselinePath, readKnown } from '../gaps/known.ts'
import type { Looker } from '../gaps/live.ts'
import { readGapsOptions, type GapsOptions } from '../gaps/options.ts'
import { reportOf, runAudit, withGapsErrors } from '../gaps/run-audit.ts'
import { exitCodeOfFindings, writeReport } from '../gaps/write-report.ts'
import { count } from '../text.ts'

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
  const known = options.writeBaseline === true ? [] : await readKnown(file, root, options)
  // What runs names its files by their real paths.
  const folder = options.live === true ? await realpath(root) : root
  const looker = options.live === true ? await lookerFor(context, options, folder) : undefined
  const running = looker === undefined ? {} : { running: looker.running, files: looker.files }
  // What mends is proved by further audits, which need not read again what has not changed.
  const again = options.fix === true ? { readBefore: new Map() } : {}
  const found = await runAudit({ root: folder, rules: chosen, ...running, ...again })
  const seenBy = looker?.seenBy()
  tellUnseen(context, looker?.unseenOf(found.systems) ?? [])
  if (options.writeBaseline === true) {
    await saveBaseline(file, found.findings, root)
    const shown = relative(cwd, file)
    const shownCount = count(found.findings.length, 'finding')
    const are = found.findings.length === 1 ? 'it is' : 'they are'
    output.message(`${shownCount} written to ${shown}: ${are} known now`)
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
const lookerFor = async (
  context: Context,
  { writeBaseline }: GapsOptions,
  folder: string,
): Promise<Looker> => {
  if (writeBaseline === true) {
    throw usageError(
      'A baseline is of the files, and what runs is another thing at each look',
      'leave out --live or --write-baseline',
    )
  }
  const { createLooker } = await import('../gaps/live.ts')
  return createLooker(context, folder)
}

const unseenMax = 10

/** Without running rules nothing is found of them: that is no sign that all is well. */
const tellUnseen = ({ output }: Context, folders: readonly string[]): void => {
  if (folders.length === 0) return
  const more = folders.length > unseenMax ? `, and ${folders.length - unseenMax} more` : ''
  const named = folders.slice(0, unseenMax).join(', ')
  output.message(`Not seen running, and held against nothing that runs: ${named}${more}`)
}

const saveBaseline = async (...[file, findings, root]: Parameters<typeof writeBaseline>) => {
  try {
    await withGapsErrors(() => writeBaseline(file, findings, root))
  } catch (error) {
    if (error instanceof CommandError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw usageError(`${file} cannot be written: ${reason}`, 'name another file with --baseline')
  }
}
