import { relative } from 'node:path'
import { compareBaseline, writeBaseline } from '@keelson/gaps'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { usageError } from '../failure.ts'
import { baselinePath, readKnown } from '../gaps/known.ts'
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
  const { root, chosen, format } = await readGapsOptions(context, options, path)
  const file = baselinePath(cwd, root, options)
  const known = options.writeBaseline === true ? [] : await readKnown(file, options)
  const found = await runAudit({ root, rules: chosen })
  if (options.writeBaseline === true) {
    await saveBaseline(file, found.findings)
    const shown = relative(cwd, file)
    output.message(`${found.findings.length} findings written to ${shown}: they are known now`)
    return exitCodes.ok
  }
  const asked = new Set<string>(chosen.map(({ id }) => id))
  const compared = compareBaseline(found.findings, known, (rule) => asked.has(rule))
  const report = await reportOf(found, chosen, compared.fresh, {
    baselined: compared.known.length,
    stale: compared.stale,
  })
  await writeReport(context, report, format, options.output)
  if (compared.stale.length > 0 && format !== 'pretty' && format !== 'markdown') {
    const entries = compared.stale.length === 1 ? '1 entry' : `${compared.stale.length} entries`
    output.message(
      `${entries} of the baseline match nothing any more: keelson gaps --write-baseline`,
    )
  }
  return exitCodeOfFindings(compared.fresh, options.failOn ?? found.settings.failOn ?? 'error')
}

const saveBaseline = async (...[file, findings]: Parameters<typeof writeBaseline>) => {
  try {
    await writeBaseline(file, findings)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw usageError(`${file} cannot be written: ${reason}`, 'name another file with --baseline')
  }
}
