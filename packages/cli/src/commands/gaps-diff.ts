import { audit, compareBaseline, exportRevision } from '@keelson/gaps'
import type { Context } from '../context.ts'
import { baselinePath, readKnown } from '../gaps/known.ts'
import { readGapsOptions, type GapsOptions } from '../gaps/options.ts'
import { reportOf, runAudit, withGapsErrors } from '../gaps/run-audit.ts'
import { exitCodeOfFindings, writeReport } from '../gaps/write-report.ts'

/** Findings of the working tree that a revision does not have. */
export const gapsDiff = async (
  context: Context,
  options: GapsOptions,
  [revision = '', path]: readonly string[],
): Promise<number> => {
  const { root, chosen, format } = await readGapsOptions(context, options, path)
  const known = await readKnown(baselinePath(context.cwd, root, options), root, options)
  const exported = await withGapsErrors(() => exportRevision(root, revision))
  try {
    const found = await runAudit({ root, rules: chosen })
    // Both sides by the settings of today: what they change is no gap of the change.
    const { settings } = found
    const before = await audit({ root: exported.folder, rules: chosen, settings })
    const { fresh } = compareBaseline(found.findings, before.findings)
    const compared = compareBaseline(fresh, known)
    const report = await reportOf(found, chosen, compared.fresh, {
      baselined: compared.known.length,
      since: revision,
    })
    await writeReport(context, report, format, options.output)
    return exitCodeOfFindings(compared.fresh, options.failOn ?? found.settings.failOn ?? 'error')
  } finally {
    await exported.remove()
  }
}
